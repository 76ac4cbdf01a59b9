package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Goes away after so many lines, as {@code head} does. */
public final class LineCollector extends OutputStream {
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private int left;

    public LineCollector(int lines) {
        this.left = lines;
    }

    @Override
    public void write(int b) throws IOException {
        if (left == 0) {
            throw new IOException("Broken pipe");
        }
        read.write(b);
        if (b == '\n') {
            left--;
        }
    }

    public String read() {
        return read.toString(UTF_8);
    }
}
