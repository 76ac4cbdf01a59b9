package dev.sluice.worker.cli.options;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes sizes in bytes with binary units, such as {@code 64MiB}. */
public final class Sizes {
    static final String FORMS = "write 64MiB, 512KiB, 1GiB or a plain number of bytes";

    private static final Pattern FORM = Pattern.compile("(\\d{1,12}) ?(b|kib|mib|gib)?");
    private static final Map<String, Long> UNITS = Map.of("b", 1L, "kib", 1L << 10, "mib", 1L << 20, "gib", 1L << 30);

    private Sizes() {}

    /**
     * Returns the number of bytes.
     *
     * @throws IllegalArgumentException if the text is no size. The message names the accepted forms.
     */
    static long parse(String text) {
        Matcher form = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size; " + FORMS);
        }
        String unit = form.group(2);
        try {
            return Math.multiplyExact(Long.parseLong(form.group(1)), unit == null ? 1L : UNITS.get(unit));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is larger than any memory; " + FORMS, e);
        }
    }

    /** Returns the size in the largest unit that gives a whole number. */
    public static String format(long bytes) {
        if (bytes > 0 && bytes % (1L << 30) == 0) {
            return (bytes >> 30) + "GiB";
        }
        if (bytes > 0 && bytes % (1L << 20) == 0) {
            return (bytes >> 20) + "MiB";
        }
        return bytes > 0 && bytes % (1L << 10) == 0 ? (bytes >> 10) + "KiB" : Long.toString(bytes);
    }
}
