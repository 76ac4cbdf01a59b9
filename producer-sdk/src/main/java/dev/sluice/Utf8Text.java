package dev.sluice;

import java.nio.charset.StandardCharsets;

/** Checks that text can be written as UTF-8. The class is stateless. */
final class Utf8Text {
    private Utf8Text() {}

    /**
     * Returns true if no surrogate is without its other half. The encoder would silently replace a lone one by a
     * question mark.
     */
    static boolean wellFormed(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
