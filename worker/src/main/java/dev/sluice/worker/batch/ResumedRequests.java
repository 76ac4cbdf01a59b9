package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import dev.sluice.wire.Reason;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Spares a resumed batch the calls that earlier runs have begun: takes the replies that came too late for those, and waits
 * for the ones that are still to come. Each request record ends once, so what was published and has not ended will.
 *
 * <p>A request that expired has not been called: it had the earlier run's timeout, and is sent again. Not thread-safe.
 */
final class ResumedRequests implements PreviousRun.Findings {
    private final PreviousRun earlier;
    private final LineStates ledger;
    private final AnswerWriter answers;
    /** By line: how often it was published and has not ended. */
    private final byte[] pending;

    private BatchInput.@Nullable Lines lines;
    private BooleanSupplier goOn = () -> true;
    private int found;
    private int awaited;
    private boolean caughtUp;
    private int sendAgain = Integer.MAX_VALUE;

    ResumedRequests(PreviousRun earlier, LineStates ledger, AnswerWriter answers) {
        this.earlier = earlier;
        this.ledger = ledger;
        this.answers = answers;
        this.pending = new byte[ledger.size()];
    }

    /**
     * Writes what answers there are, and keeps from being sent what will be answered.
     *
     * @param whetherToGoOn asked from time to time
     */
    void catchUp(BatchInput.Lines batch, BooleanSupplier whetherToGoOn) throws IOException {
        lines = batch;
        goOn = whetherToGoOn;
        earlier.catchUp(this);
        caughtUp = true;
        for (int line = ledger.nextToSend(0); line >= 0; line = ledger.nextToSend(line + 1)) {
            if (pending[line] > 0) {
                ledger.sent(line);
                awaited++;
            }
        }
    }

    /** What the user is told about it, once; empty where nothing was found. */
    Optional<String> summary() {
        return found + awaited == 0
                ? Optional.empty()
                : Optional.of("sluice submit: of the earlier run, " + found + " more replies found and " + awaited
                        + " requests still in the queue");
    }

    /** Writes what has come since; returns the first line that has to be sent again, or a large number. */
    int poll() throws IOException {
        sendAgain = Integer.MAX_VALUE;
        if (awaited > 0) {
            earlier.poll(this);
        }
        return sendAgain;
    }

    @Override
    public void published(int line) {
        if (answers.wants(line) && pending[line] < Byte.MAX_VALUE) {
            pending[line]++;
        }
    }

    @Override
    public void ended(int line, ChatReply reply) throws IOException {
        // once caught up, what this run has sent is answered on its own way
        if (!answers.wants(line) || (caughtUp && pending[line] <= 0)) {
            return;
        }
        pending[line] -= (byte) (pending[line] > Byte.MIN_VALUE ? 1 : 0);
        // however far ahead: the window is for sending, and what was called is not called again
        boolean answer = !reply.reason().equals(Optional.of(Reason.EXPIRED.word()));
        if (answer) {
            write(line, reply);
        }
        if (caughtUp && (answer || pending[line] == 0)) {
            pending[line] = 0;
            awaited--;
            if (!answer) {
                ledger.sendAgain(line);
                sendAgain = Math.min(sendAgain, line);
            }
        }
    }

    private void write(int line, ChatReply reply) throws IOException {
        if (lines == null) {
            throw new IllegalStateException("told before it was asked");
        }
        answers.write(line, lines.read(line).customId(), reply);
        found += caughtUp ? 0 : 1;
    }

    @Override
    public boolean goOn() {
        return goOn.getAsBoolean();
    }
}
