package dev.sluice.worker.observe;

import dev.sluice.worker.text.PrintableText;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes label values from names that come from outside. Their number and length are bounded, and all characters are
 * printable. A name that comes when all places are taken gets {@link #OTHER}. Thread-safe.
 */
final class BoundedNames {
    static final String OTHER = "other";
    static final int MAX_LENGTH = 64;

    private final int maxNames;
    private final Map<String, String> labels = new ConcurrentHashMap<>();

    BoundedNames(int maxNames) {
        this.maxNames = maxNames;
    }

    String of(String name) {
        String kept = cut(name);
        String label = labels.get(kept);
        return label != null ? label : added(kept);
    }

    private synchronized String added(String kept) {
        return labels.size() < maxNames
                ? labels.computeIfAbsent(kept, BoundedNames::printable)
                : labels.getOrDefault(kept, OTHER);
    }

    /** Returns a label as {@link #of} does, but without a bound on the number of names. */
    static String label(String name) {
        return printable(cut(name));
    }

    private static String cut(String name) {
        return name.length() <= MAX_LENGTH ? name : marked(name, name);
    }

    /** Replaces harmful characters. Quotes and backslashes stay, since the exposition format escapes them. */
    private static String printable(String name) {
        if (name.codePoints().noneMatch(PrintableText::isHarmful) && !name.equals(OTHER)) {
            return name;
        }
        StringBuilder printable = new StringBuilder(name.length());
        name.codePoints().map(c -> PrintableText.isHarmful(c) ? '?' : c).forEach(printable::appendCodePoint);
        return marked(printable.toString(), name);
    }

    /** Appends a hash of the whole name, which tells a changed name from one that looks the same. */
    private static String marked(String text, String name) {
        String hash = "%08x".formatted(name.hashCode());
        return text.substring(0, Math.min(text.length(), MAX_LENGTH - 1 - hash.length())) + "~" + hash;
    }
}
