package dev.sluice.worker.text;

import java.io.PrintStream;

/**
 * A stream to a terminal on which foreign text is harmless. Text that is printed is escaped as {@link PrintableText}
 * does it, but for line ends and tabs. Bytes that are written pass as they are.
 */
public final class PrintableStream extends PrintStream {
    private final PrintStream terminal;

    public PrintableStream(PrintStream terminal) {
        super(terminal, true);
        this.terminal = terminal;
    }

    /** Prints text with control sequences of our own, whatever kind of stream it is. */
    public static void printControls(PrintStream stream, String text) {
        (stream instanceof PrintableStream printable ? printable.terminal : stream).print(text);
    }

    @Override
    public void print(String text) {
        terminal.print(PrintableText.text(String.valueOf(text)));
    }

    @Override
    public void println(String text) {
        terminal.println(PrintableText.text(String.valueOf(text)));
    }

    @Override
    public void print(Object object) {
        print(String.valueOf(object));
    }

    @Override
    public void println(Object object) {
        println(String.valueOf(object));
    }
}
