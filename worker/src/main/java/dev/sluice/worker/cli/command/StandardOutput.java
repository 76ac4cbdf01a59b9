package dev.sluice.worker.cli.command;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.PrintStream;

/** Standard output that says when nobody takes what is written: {@link PrintStream} keeps that to itself. */
public final class StandardOutput extends FilterOutputStream {
    private final PrintStream stream;

    public StandardOutput(PrintStream stream) {
        super(stream);
        this.stream = stream;
    }

    @Override
    public void write(byte[] bytes, int from, int count) {
        stream.write(bytes, from, count);
    }

    @Override
    public void flush() throws IOException {
        if (stream.checkError()) {
            throw new IOException("standard output is closed, or there is no space left where it goes");
        }
    }

    /** It is not ours. */
    @Override
    public void close() {}
}
