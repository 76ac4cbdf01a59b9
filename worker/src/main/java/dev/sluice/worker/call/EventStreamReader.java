package dev.sluice.worker.call;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads server-sent events from bytes as they come, as the HTML standard defines them. Lines end with LF, CR or CRLF,
 * however the bytes are divided. Other than the standard wants it, an event at the end counts without its blank line.
 * Owned by the event loop.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML, 9.2</a>
 */
final class EventStreamReader {
    private static final int FIRST_CAPACITY = 1024;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final Handler handler;
    private final int maxBytes;
    private byte[] line = new byte[FIRST_CAPACITY];
    private int lineLength;
    /** The data of the event so far, with a line feed between its lines. */
    private byte[] data = new byte[0];

    private boolean hasData;
    private String type = "";
    private boolean isFirstLine = true;
    private boolean wasCarriageReturn;

    /** Receives events. */
    interface Handler {
        /**
         * Takes an event.
         *
         * @param type the name of the event; empty if it has none
         * @param data its data, which are the handler's own
         * @return false if no further event is wanted
         */
        boolean event(String type, byte[] data);
    }

    /** @param maxBytes the longest line, and the most data of one event */
    EventStreamReader(int maxBytes, Handler handler) {
        this.maxBytes = maxBytes;
        this.handler = handler;
    }

    /** The results of adding bytes. */
    enum Progress {
        READ,
        /** The handler wants no more. */
        STOPPED,
        /** A line or the data of an event are longer than the maximum. */
        TOO_LONG
    }

    /** Takes the next bytes. */
    Progress add(byte[] bytes) {
        int begin = 0;
        if (wasCarriageReturn && bytes.length > 0) {
            wasCarriageReturn = false;
            begin = bytes[0] == '\n' ? 1 : 0;
        }
        for (int i = begin; i < bytes.length; i++) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                Progress progress = keep(bytes, begin, i) ? endLine() : Progress.TOO_LONG;
                if (progress != Progress.READ) {
                    return progress;
                }
                if (bytes[i] == '\r') {
                    wasCarriageReturn = i + 1 == bytes.length;
                    i += !wasCarriageReturn && bytes[i + 1] == '\n' ? 1 : 0;
                }
                begin = i + 1;
            }
        }
        return keep(bytes, begin, bytes.length) ? Progress.READ : Progress.TOO_LONG;
    }

    /** Ends the stream. What is left of the last event counts. */
    Progress end() {
        Progress progress = lineLength > 0 ? endLine() : Progress.READ;
        return progress == Progress.READ ? dispatch() : progress;
    }

    /** Returns the memory that unfinished events take. */
    int heldBytes() {
        return line.length + data.length;
    }

    private boolean keep(byte[] bytes, int begin, int end) {
        int length = end - begin;
        if (length > maxBytes - lineLength) {
            return false;
        }
        if (lineLength + length > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(maxBytes, Math.max(2L * line.length, lineLength + length)));
        }
        System.arraycopy(bytes, begin, line, lineLength, length);
        lineLength += length;
        return true;
    }

    private Progress endLine() {
        int begin = isFirstLine && startsWithMark() ? BYTE_ORDER_MARK.length : 0;
        isFirstLine = false;
        int end = lineLength;
        lineLength = 0;
        return begin == end ? dispatch() : field(begin, end) ? Progress.READ : Progress.TOO_LONG;
    }

    private boolean startsWithMark() {
        return lineLength >= BYTE_ORDER_MARK.length
                && Arrays.equals(line, 0, BYTE_ORDER_MARK.length, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
    }

    /** Reads a line such as {@code data: {}}. One that begins with a colon is a comment. */
    private boolean field(int begin, int end) {
        int colon = begin;
        while (colon < end && line[colon] != ':') {
            colon++;
        }
        int value = Math.min(end, colon + 1);
        if (value < end && line[value] == ' ') {
            value++;
        }
        return switch (new String(line, begin, colon - begin, StandardCharsets.UTF_8)) {
            case "data" -> addData(value, end);
            case "event" -> {
                type = new String(line, value, end - value, StandardCharsets.UTF_8);
                yield true;
            }
            default -> true;
        };
    }

    private boolean addData(int begin, int end) {
        int before = hasData ? data.length + 1 : 0;
        if (end - begin > maxBytes - before) {
            return false;
        }
        byte[] longer = hasData ? Arrays.copyOf(data, before + end - begin) : new byte[end - begin];
        if (hasData) {
            longer[before - 1] = '\n';
        }
        System.arraycopy(line, begin, longer, before, end - begin);
        data = longer;
        hasData = true;
        return true;
    }

    private Progress dispatch() {
        String name = type;
        byte[] all = data;
        boolean isEvent = hasData;
        type = "";
        data = new byte[0];
        hasData = false;
        return !isEvent || handler.event(name, all) ? Progress.READ : Progress.STOPPED;
    }
}
