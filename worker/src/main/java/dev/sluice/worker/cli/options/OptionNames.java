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

/** The names of an option in the environment and in the configuration file. */
public final class OptionNames {
    static final String ENV_PREFIX = "SLUICE_";

    /** Options that cannot stand in the file: {@code --config} names it, and the other two replace the command. */
    private static final Set<String> NOT_IN_FILE = Set.of("config", "help", "version");

    /**
     * The description key of options that can be set on the command line only. A filter that is set for all commands
     * would be a trap, and some of these names have another meaning in other commands.
     */
    public static final String COMMAND_LINE_ONLY = "command line only";

    private OptionNames() {}

    /** Returns the key in the file, for example {@code call-timeout} for {@code --call-timeout}. */
    static String key(OptionSpec option) {
        return option.longestName().substring(2);
    }

    /**
     * Returns the variables in the order in which they win, for example {@code SLUICE_CALL_TIMEOUT} for
     * {@code --call-timeout}. Variables that other programs have established come last.
     */
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

    /** Returns true if the environment and the file can set this option. */
    public static boolean isSetting(ArgSpec arg) {
        return arg instanceof OptionSpec option
                && !NOT_IN_FILE.contains(key(option))
                && !COMMAND_LINE_ONLY.equals(option.descriptionKey());
    }

    /** Returns every key of every command, because one file serves all commands. */
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

    /** Returns every variable with our prefix that any command knows. */
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
