package dev.sluice.worker.cli.options;

import dev.sluice.worker.cli.options.Converters.ByteSize;
import dev.sluice.worker.text.Durations;
import java.time.Duration;

/** Describes a wrong value of any option in one form: {@code --window: must be 1 or more, is '0'}. */
public final class OptionError {
    private OptionError() {}

    /**
     * Returns one sentence.
     *
     * @param option the option with its dashes, wherever the value was set
     * @param rule a description of the right values that follows "must be"
     * @param value the wrong value, which is shown in the form in which people type it
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
