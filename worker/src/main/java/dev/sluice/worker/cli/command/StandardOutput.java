package dev.sluice.worker.cli.command;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.PrintStream;

/** Standard output that throws when it cannot be written to. A {@link PrintStream} only sets a flag. */
public final class StandardOutput extends FilterOutputStream {
    private final PrintStream stream;

    public StandardOutput(PrintStream stream) {
        super(stream);
        this.stream = stream;
    }

    /** Tells whether a stream that failed is standard output and a pipe that nobody reads any more. */
    public static boolean isBrokenPipe(PrintStream failed) {
        if (failed != System.out) {
            return false;
        }
        try {
            // a print stream does not say what went wrong, so the same is tried once more without it
            new FileOutputStream(FileDescriptor.out).write('\n');
            return false;
        } catch (IOException e) {
            return String.valueOf(e.getMessage()).contains("Broken pipe");
        }
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

    /** Does nothing, because the process still needs its standard output. */
    @Override
    public void close() {}
}
