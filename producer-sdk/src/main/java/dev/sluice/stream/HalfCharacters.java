package dev.sluice.stream;

import java.util.HashMap;
import java.util.Map;

/**
 * Keeps back the first half of a surrogate pair at the end of a text until the second one comes. An API that cuts its
 * text anywhere may cut such a pair, and half of one is no character that every client can put together again. Not
 * thread-safe.
 */
final class HalfCharacters {
    private final Map<String, Character> kept = new HashMap<>();

    /** Returns the text that can be shown now, which may be empty. The place names the field that the text goes on. */
    String whole(String place, String text) {
        Character before = kept.remove(place);
        String all = before == null ? text : before + text;
        if (all.isEmpty() || !Character.isHighSurrogate(all.charAt(all.length() - 1))) {
            return all;
        }
        kept.put(place, all.charAt(all.length() - 1));
        return all.substring(0, all.length() - 1);
    }
}
