package dev.sluice.worker.text;

/**
 * Makes foreign text safe to show to people. Characters that could move the cursor, forge a line, turn the direction of
 * writing or hide something are written as {@code \}{@code u001b}. JSON reads these back. Stateless.
 */
public final class PrintableText {
    /** The longest line that is shown of a text without a bound of its own. */
    public static final int LONGEST_LINE = 4_000;

    private static final String QUOTATION = "'\"`{[<\u2018\u201c";
    private static final int LONGEST_UNQUOTED = 120;
    private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
    private static final int ZERO_WIDTH_JOINER = 0x200d;

    private PrintableText() {}

    /** Returns the text on one line of at most {@value #LONGEST_LINE} characters before they are escaped. */
    public static String line(String text) {
        return line(text, LONGEST_LINE);
    }

    /** Returns the text on one line, cut after {@code longest} characters. */
    public static String line(String text, int longest) {
        String cut = text.length() > longest ? text.substring(0, longest) + "…" : text;
        return escaped(cut, false);
    }

    /**
     * Returns the beginning of a foreign message up to its first quotation, which may be of a prompt or an answer. It
     * is for logs and health checks, which many people read.
     */
    public static String unquoted(String message) {
        int end = 0;
        while (end < message.length() && end < LONGEST_UNQUOTED && QUOTATION.indexOf(message.charAt(end)) < 0) {
            end++;
        }
        return end == message.length() ? message : message.substring(0, end).stripTrailing() + "…";
    }

    /** Returns the whole text with its line ends and tabs. It keeps the joiners that scripts and emoji need. */
    public static String text(String text) {
        return escaped(text.replace("\r\n", "\n"), true);
    }

    private static String escaped(String text, boolean keepLines) {
        if (text.codePoints().noneMatch(point -> isEscaped(point, keepLines))) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(point -> {
            if (isEscaped(point, keepLines)) {
                for (char unit : Character.toChars(point)) {
                    safe.append("\\u%04x".formatted((int) unit));
                }
            } else {
                safe.appendCodePoint(point);
            }
        });
        return safe.toString();
    }

    private static boolean isEscaped(int point, boolean keepLines) {
        return isHarmful(point)
                && !(keepLines
                        && (point == '\n'
                                || point == '\t'
                                || point == ZERO_WIDTH_NON_JOINER
                                || point == ZERO_WIDTH_JOINER));
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
