package dev.sluice.worker.cli.options;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what the words on a command line are that nothing could be made of. */
final class UnknownOptions {
    static final String API_KEY_HINT =
            "; the API key is read from the environment variable TOGETHER_API_KEY or from --api-key-file FILE";

    private UnknownOptions() {}

    /** Somebody has tried to hand over the key itself: where others could read it, so it is not taken. */
    static boolean isApiKey(String name) {
        return name.toLowerCase(Locale.ROOT).replace('_', '-').endsWith("api-key");
    }

    /**
     * One sentence per unknown option. What follows an unknown option is taken for its value and not repeated: it may be a
     * secret.
     */
    static List<String> describe(UnmatchedArgumentException unmatched) {
        List<String> problems = new ArrayList<>();
        boolean afterOption = false;
        for (String word : unmatched.getUnmatched()) {
            boolean isOption = word.startsWith("-") && word.length() > 1;
            if (isOption) {
                problems.add(describe(word.split("=", 2)[0], unmatched.getCommandLine()));
            } else if (!afterOption) {
                problems.add(describeWord(word, unmatched.getCommandLine()));
            }
            afterOption = isOption && !word.contains("=");
        }
        return problems;
    }

    private static String describe(String option, CommandLine commandLine) {
        Set<String> known = new TreeSet<>();
        for (OptionSpec each : commandLine.getCommandSpec().options()) {
            known.add(each.longestName());
        }
        return "unknown option " + option + (isApiKey(option) ? API_KEY_HINT : Suggestion.of(option, known));
    }

    private static String describeWord(String word, CommandLine commandLine) {
        Set<String> commands = commandLine.getSubcommands().keySet();
        return commands.isEmpty()
                ? "unexpected argument '" + word + "'"
                : "unknown command '" + word + "'" + Suggestion.of(word, commands);
    }
}
