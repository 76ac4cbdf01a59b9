package dev.sluice.worker.cli.batch;

import dev.sluice.ChatReply;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Brings the answers into their files, each line's once: as they come, or in the order of the batch. For that it holds
 * what is ahead, at most as many as the window has lines. Not thread-safe.
 */
public final class AnswerWriter {
    private final BatchOutput output;
    private final Ledger ledger;
    private final boolean ordered;
    private final int window;
    private final Map<Integer, Held> held = new HashMap<>();
    private int firstOpen;

    private record Held(String customId, ChatReply reply) {}

    /** @param window how far ahead of the first line without an answer an ordered writer takes one */
    public AnswerWriter(BatchOutput output, Ledger ledger, boolean ordered, int window) {
        this.output = output;
        this.ledger = ledger;
        this.ordered = ordered;
        this.window = window;
        this.firstOpen = ledger.firstOpen();
    }

    /** Whether an answer to this line can be written or held now. */
    public boolean hasRoomFor(int line) {
        return !ordered || line < firstOpen + (long) window;
    }

    /** Takes an answer; one to a line that has its answer already is left out. */
    public void write(int line, String customId, ChatReply reply) throws IOException {
        if (!ledger.isOpen(line)) {
            return;
        }
        if (!ordered) {
            writeNow(line, new Held(customId, reply));
            return;
        }
        ledger.sent(line);
        held.putIfAbsent(line, new Held(customId, reply));
        for (Held next = next(); next != null; next = next()) {
            writeNow(firstOpen, next);
            firstOpen = ledger.firstOpen(firstOpen);
        }
    }

    private @Nullable Held next() {
        return held.remove(firstOpen);
    }

    private void writeNow(int line, Held answer) throws IOException {
        output.write(answer.customId(), answer.reply());
        ledger.answered(line, answer.reply().ok());
    }
}
