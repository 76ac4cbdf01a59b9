package dev.sluice.worker.cli.options;

import dev.sluice.worker.provider.TogetherApi;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The names under which an option is known in the environment and in the configuration file. */
public final class OptionNames {
    static final String ENV_PREFIX = "SLUICE_";

    /** {@code --config} names the file, so it can't stand in it; the other two do something instead of running. */
    private static final Set<String> NOT_IN_FILE = Set.of("config", "help", "version");

    /**
     * The description key of options that have neither variable nor key in the file: what one command is to act on would
     * be a trap where it is set for all, and some are words of another meaning elsewhere.
     */
    public static final String COMMAND_LINE_ONLY = "command line only";

    private OptionNames() {}

    /** {@code --call-timeout} is {@code call-timeout} in the file. */
    static String key(OptionSpec option) {
        return option.longestName().substring(2);
    }

    /** {@code --call-timeout} is {@code SLUICE_CALL_TIMEOUT} in the environment, followed by names others gave it. */
    public static List<String> env(OptionSpec option) {
        List<String> names = new ArrayList<>();
        names.add(ENV_PREFIX + key(option).toUpperCase(Locale.ROOT).replace('-', '_'));
        switch (key(option)) {
            case "bootstrap-servers" -> names.add("KAFKA_BOOTSTRAP_SERVERS");
            case "base-url" -> names.add(TogetherApi.BASE_URL_VARIABLE);
            default -> {}
        }
        return names;
    }

    public static boolean isSetting(ArgSpec arg) {
        return arg instanceof OptionSpec option
                && !NOT_IN_FILE.contains(key(option))
                && !COMMAND_LINE_ONLY.equals(option.descriptionKey());
    }

    /** Every key of every command: one file serves them all. */
    public static Set<String> allKeys(CommandLine root) {
        Set<String> keys = new TreeSet<>();
        for (OptionSpec option : root.getCommandSpec().options()) {
            if (isSetting(option)) {
                keys.add(key(option));
            }
        }
        root.getSubcommands().values().forEach(sub -> keys.addAll(allKeys(sub)));
        return keys;
    }

    /** Every variable of ours that any command knows. */
    public static Set<String> allEnv(CommandLine root) {
        Set<String> names = new TreeSet<>(Set.of(ENV_PREFIX + "CONFIG"));
        for (OptionSpec option : root.getCommandSpec().options()) {
            if (isSetting(option)) {
                names.add(env(option).get(0));
            }
        }
        root.getSubcommands().values().forEach(sub -> names.addAll(allEnv(sub)));
        return names;
    }
}
