package dev.sluice.worker.cli.ask;

import dev.sluice.ChatPiece;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;

/** Prints the text of an answer as it comes. Thread-safe. */
final class StreamedText {
    private final PrintStream out;
    private boolean isEmpty = true;

    StreamedText(PrintStream out) {
        this.out = out;
    }

    /**
     * Prints what is text in this piece. There is one choice, since nobody asks for more.
     *
     * @throws UncheckedIOException if nobody reads it any more, which cancels the request
     */
    synchronized void print(ChatPiece piece) {
        String text = piece.text() + piece.refusal();
        if (!text.isEmpty()) {
            isEmpty = false;
            out.print(text);
            if (out.checkError()) {
                throw new UncheckedIOException(new IOException("standard output is closed"));
            }
        }
    }

    /** Ends the line, if there is one. */
    synchronized void end() {
        if (!isEmpty) {
            out.println();
        }
    }

    /** Returns true if nothing was printed. */
    synchronized boolean isEmpty() {
        return isEmpty;
    }
}
