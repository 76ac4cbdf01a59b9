package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import dev.sluice.wire.Reason;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Uses what previous runs have left in the queue, so that a resumed batch repeats no call. It writes the replies that
 * came too late for those runs and waits for the replies that are still to come. Every published request gets exactly
 * one reply, so a request without a reply will get one. Not thread-safe.
 *
 * <p>A request that expired is sent again. It had the timeout of the previous run and was never called.
 */
final class ResumedRequests implements PreviousRun.Listener {
    private final PreviousRun previousRun;
    private final LineStates states;
    private final AnswerWriter answers;
    /** The number of requests without a reply, by line. It is negative while a reply was found before its request. */
    private final byte[] pending;

    private BatchInput.@Nullable Lines lines;
    private BooleanSupplier shouldContinue = () -> true;
    private int found;
    private int awaited;
    private boolean caughtUp;
    /** The first line that has to be sent again, or a large number. */
    private int firstUnsent = Integer.MAX_VALUE;

    ResumedRequests(PreviousRun previousRun, LineStates states, AnswerWriter answers) {
        this.previousRun = previousRun;
        this.states = states;
        this.answers = answers;
        this.pending = new byte[states.size()];
    }

    /**
     * Writes the replies that are in the queue, and marks the lines of requests without a reply as sent.
     *
     * @param whileTrue asked from time to time; the search ends when it returns false
     */
    void catchUp(BatchInput.Lines batch, BooleanSupplier whileTrue) throws IOException {
        lines = batch;
        shouldContinue = whileTrue;
        previousRun.catchUp(this);
        caughtUp = true;
        for (int line = states.nextToSend(0); line >= 0; line = states.nextToSend(line + 1)) {
            if (pending[line] > 0) {
                states.markSent(line);
                awaited++;
            }
        }
    }

    /** Returns the number of replies that were found during {@link #catchUp} and written. */
    int found() {
        return found;
    }

    /** Returns the number of lines whose reply is still to come. */
    int awaited() {
        return awaited;
    }

    /** Writes the replies that have come, and returns the first line that has to be sent again, or a large number. */
    int poll() throws IOException {
        firstUnsent = Integer.MAX_VALUE;
        if (awaited > 0) {
            previousRun.poll(this);
        }
        return firstUnsent;
    }

    @Override
    public void published(int line) {
        if (answers.isMissing(line) && pending[line] < Byte.MAX_VALUE) {
            pending[line]++;
        }
    }

    @Override
    public void replied(int line, ChatReply reply) throws IOException {
        // after catching up, a line that is not pending was sent by this run, which gets the reply from the SDK
        if (!answers.isMissing(line) || (caughtUp && pending[line] <= 0)) {
            return;
        }
        pending[line] -= (byte) (pending[line] > Byte.MIN_VALUE ? 1 : 0);
        boolean isAnswer = !reply.reason().equals(Optional.of(Reason.EXPIRED.word()));
        if (isAnswer) {
            // even beyond the window, which limits sending only: what was called is not called again
            write(line, reply);
        }
        if (caughtUp && (isAnswer || pending[line] == 0)) {
            pending[line] = 0;
            awaited--;
            if (!isAnswer) {
                states.markUnsent(line);
                firstUnsent = Math.min(firstUnsent, line);
            }
        }
    }

    private void write(int line, ChatReply reply) throws IOException {
        if (lines == null) {
            throw new IllegalStateException("reply received before catchUp");
        }
        answers.write(line, lines.read(line).customId(), reply);
        found += caughtUp ? 0 : 1;
    }

    @Override
    public boolean shouldContinue() {
        return shouldContinue.getAsBoolean();
    }
}
