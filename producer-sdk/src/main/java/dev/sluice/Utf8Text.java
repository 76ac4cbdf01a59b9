package dev.sluice;

import java.nio.charset.StandardCharsets;

/** What can be written as UTF-8 at all. Stateless. */
final class Utf8Text {
    private Utf8Text() {}

    /** Whether every surrogate has its other half; a lone one would silently become a question mark. */
    static boolean wellFormed(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
