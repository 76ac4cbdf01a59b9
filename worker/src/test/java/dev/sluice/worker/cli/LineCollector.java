package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Collects a number of lines and fails after them, like a pipe to {@code head}. */
public final class LineCollector extends OutputStream {
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private int remaining;

    public LineCollector(int lines) {
        this.remaining = lines;
    }

    @Override
    public void write(int b) throws IOException {
        if (remaining == 0) {
            throw new IOException("Broken pipe");
        }
        read.write(b);
        if (b == '\n') {
            remaining--;
        }
    }

    public String read() {
        return read.toString(UTF_8);
    }
}
