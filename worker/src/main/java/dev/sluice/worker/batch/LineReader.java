package dev.sluice.worker.batch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lines of a file as bytes. A line longer than the bound is skipped and marked, so that a file without line
 * ends does not fill the memory. Not thread-safe.
 */
final class LineReader implements AutoCloseable {
    /** The largest bound. */
    static final int MAX_BYTES = Integer.MAX_VALUE - 9;

    private final InputStream in;
    private final int maxBytes;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int limit;
    private int number;
    private long offset;

    LineReader(InputStream in, int maxBytes) {
        this.in = in;
        this.maxBytes = maxBytes;
    }

    /**
     * One line of the file.
     *
     * @param number the line's number, from 1
     * @param bytes the line without its line end, or null if it is too long
     * @param complete whether the line has a line end, which only the last line of a file may lack
     * @param end the offset in the file after the line and its line end
     */
    record Line(int number, byte @Nullable [] bytes, boolean complete, long end) {
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

    /** Reads the next line, or returns null at the end of the file. */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(512);
        boolean empty = true;
        while (fill()) {
            empty = false;
            int end = lineEnd();
            int room = maxBytes + 1 - line.size();
            line.write(buffer, position, Math.min(room, end - position));
            offset += end - position;
            position = end;
            if (end < limit) {
                position++;
                offset++;
                return line(line, true);
            }
        }
        return empty ? null : line(line, false);
    }

    private Line line(ByteArrayOutputStream bytes, boolean complete) {
        number = Math.addExact(number, 1);
        return new Line(number, bytes.size() > maxBytes ? null : bytes.toByteArray(), complete, offset);
    }

    /** Fills the buffer if it is used up, and returns whether it holds anything to read. */
    private boolean fill() throws IOException {
        if (position == limit) {
            position = 0;
            limit = Math.max(0, in.read(buffer));
        }
        return position < limit;
    }

    private int lineEnd() {
        int end = position;
        while (end < limit && buffer[end] != '\n') {
            end++;
        }
        return end;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
