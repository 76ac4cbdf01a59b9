package dev.sluice.worker.observe;

import dev.sluice.worker.text.PrintableText;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes label values of names that come from outside: at most so many different ones, each of a bounded length and of
 * printable characters. What comes when the places are taken is {@link #OTHER}. Thread-safe.
 */
final class BoundedNames {
    static final String OTHER = "other";
    static final int LONGEST = 64;

    private final int most;
    private final Map<String, String> labels = new ConcurrentHashMap<>();

    BoundedNames(int most) {
        this.most = most;
    }

    String of(String name) {
        String kept = cut(name);
        String label = labels.get(kept);
        return label != null ? label : added(kept);
    }

    private synchronized String added(String kept) {
        return labels.size() < most
                ? labels.computeIfAbsent(kept, BoundedNames::printable)
                : labels.getOrDefault(kept, OTHER);
    }

    /** The same without a bound on how many there are. */
    static String label(String name) {
        return printable(cut(name));
    }

    private static String cut(String name) {
        return name.length() <= LONGEST ? name : marked(name, name);
    }

    /** Quotes and backslashes stay: the exposition format has an escape for them. */
    private static String printable(String name) {
        StringBuilder printable = new StringBuilder(name.length());
        name.codePoints().map(c -> PrintableText.isHarmful(c) ? '?' : c).forEach(printable::appendCodePoint);
        boolean isItself = printable.toString().equals(name) && !name.equals(OTHER);
        return isItself ? name : marked(printable.toString(), name);
    }

    /** What was changed is told from what looks the same by a hash of the whole name. */
    private static String marked(String text, String name) {
        String hash = "%08x".formatted(name.hashCode());
        return text.substring(0, Math.min(text.length(), LONGEST - 1 - hash.length())) + "~" + hash;
    }
}
