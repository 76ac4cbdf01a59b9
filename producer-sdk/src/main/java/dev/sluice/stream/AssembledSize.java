package dev.sluice.stream;

import tools.jackson.databind.JsonNode;

/** Counts the bytes that a completion has as JSON while it is put together, at least roughly. Not thread-safe. */
final class AssembledSize {
    /** The quotes, the colon and the comma of a field, and what an object costs in memory. */
    private static final int OVERHEAD = 8;

    private static final int ESCAPED = 6;

    private final int max;
    private long bytes;

    AssembledSize(int max) {
        this.max = max;
    }

    /** Counts a value or a field's name. */
    void grow(String text) {
        bytes += OVERHEAD;
        growBy(text);
    }

    /** Counts a piece that goes on with a text. */
    void growBy(String text) {
        for (int i = 0; i < text.length(); i++) {
            bytes += length(text.charAt(i));
        }
    }

    /** Counts a value. */
    void grow(JsonNode value) {
        grow(value.isString() ? value.stringValue() : value.toString());
    }

    private static int length(char each) {
        if (each < ' ') {
            return each == '\n' || each == '\t' || each == '\r' ? 2 : ESCAPED;
        }
        if (each < 0x80) {
            return each == '"' || each == '\\' ? 2 : 1;
        }
        return each < 0x800 || Character.isSurrogate(each) ? 2 : 3;
    }

    long bytes() {
        return bytes;
    }

    boolean isExceeded() {
        return bytes > max;
    }
}
