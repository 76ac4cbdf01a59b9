package dev.sluice.worker.cli.batch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lines of a file as bytes. A line longer than the bound is passed over and marked, so that a file without
 * line ends does not fill the memory. Not thread-safe.
 */
final class LineReader implements AutoCloseable {
    /** More than any request that fits into the queue. */
    static final int MAX_BYTES = 4 * 1024 * 1024;

    private final InputStream in;
    private final int maxBytes;
    private long number;
    private long offset;

    LineReader(InputStream in) {
        this(in, MAX_BYTES);
    }

    LineReader(InputStream in, int maxBytes) {
        this.in = new BufferedInputStream(in, 1 << 16);
        this.maxBytes = maxBytes;
    }

    /**
     * One line.
     *
     * @param number from 1
     * @param bytes without the line end; null where the line is too long
     * @param complete whether a line end was there; false at most for the file's last line
     * @param end the offset in the file behind the line and its end
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared; a line can be large and is not copied
    record Line(long number, byte @Nullable [] bytes, boolean complete, long end) {
        boolean isBlank() {
            if (bytes == null) {
                return false;
            }
            for (byte each : bytes) {
                if (each != ' ' && each != '\t' && each != '\r') {
                    return false;
                }
            }
            return true;
        }
    }

    /** The next line; null at the end. */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long start = offset;
        int each = in.read();
        while (each >= 0 && each != '\n') {
            offset++;
            if (line.size() <= maxBytes) {
                line.write(each);
            }
            each = in.read();
        }
        if (each < 0 && offset == start) {
            return null;
        }
        offset += each < 0 ? 0 : 1;
        number++;
        return new Line(number, line.size() > maxBytes ? null : line.toByteArray(), each >= 0, offset);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
