package dev.sluice.worker.text;

/**
 * Makes foreign text safe to show on a terminal. Characters that could move the cursor, change the direction of writing
 * or hide something are written as {@code \}{@code u001b}. Stateless.
 */
public final class PrintableText {
    private PrintableText() {}

    /** Returns the text on one line, cut after {@code longest} characters. */
    public static String line(String text, int longest) {
        String cut = text.length() > longest ? text.substring(0, longest) + "…" : text;
        return escaped(cut, false);
    }

    /** Returns the whole text, with its line ends and tabs. */
    public static String text(String text) {
        return escaped(text, true);
    }

    private static String escaped(String text, boolean keepLines) {
        StringBuilder safe = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            if ((keepLines && (point == '\n' || point == '\t')) || !isHarmful(point)) {
                safe.appendCodePoint(point);
            } else {
                safe.append(point > 0xffff ? "\\u{%x}".formatted(point) : "\\u%04x".formatted(point));
            }
        });
        return safe.toString();
    }

    /** Returns true if this code point should not be shown as it is. */
    public static boolean isHarmful(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
