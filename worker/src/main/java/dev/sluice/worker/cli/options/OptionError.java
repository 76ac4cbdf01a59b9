package dev.sluice.worker.cli.options;

import dev.sluice.worker.cli.options.Converters.ByteSize;
import dev.sluice.worker.text.Durations;
import java.time.Duration;

/** Says of every option in the same form what is wrong with its value: {@code --window: must be 1 or more, is '0'}. */
public final class OptionError {
    private OptionError() {}

    /**
     * One sentence.
     *
     * @param option with its dashes, wherever the value was set
     * @param rule what holds for a right value, and what to do instead
     * @param value shown as it is typed
     */
    public static String of(String option, String rule, Object value) {
        return option + ": must be " + rule + ", is '" + typed(value) + "'";
    }

    private static Object typed(Object value) {
        if (value instanceof Duration duration) {
            return Durations.format(duration);
        }
        return value instanceof ByteSize size ? Sizes.format(size.bytes()) : value;
    }
}
