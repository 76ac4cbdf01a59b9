package dev.sluice.worker.cli.options;

import dev.sluice.worker.provider.TogetherApi;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Describes unknown options, commands, keys and variables, and suggests the most similar known name. */
public final class UnknownOptions {
    private static final String API_KEY_HINT = "; the API key is read from the environment variable "
            + TogetherApi.API_KEY_VARIABLE + " or from --api-key-file FILE";

    private UnknownOptions() {}

    /**
     * Returns one sentence per unknown word. The word after an unknown option may be its value, and a secret. It is not
     * repeated.
     */
    static List<String> describe(UnmatchedArgumentException unmatched) {
        List<String> problems = new ArrayList<>();
        boolean afterOption = false;
        for (String word : unmatched.getUnmatched()) {
            boolean isOption = word.startsWith("-") && word.length() > 1;
            if (isOption) {
                String option = word.split("=", 2)[0];
                problems.add("unknown option " + option + hint(option, unmatched.getCommandLine()));
            } else if (!afterOption) {
                problems.add(describeWord(word, unmatched.getCommandLine()));
            }
            afterOption = isOption && !word.contains("=");
        }
        return problems;
    }

    private static String describeWord(String word, CommandLine commandLine) {
        return commandLine.getSubcommands().isEmpty()
                ? "unexpected argument '" + word + "'"
                        + (commandLine.getCommandSpec().positionalParameters().isEmpty()
                                ? ""
                                : "; a text with spaces needs quotes")
                : "unknown command '" + word + "'" + hint(word, commandLine);
    }

    /** Returns what to add to the message about an unknown key or variable. Empty if no known name is similar. */
    public static String hint(String typed, Set<String> known) {
        // Picocli suggests the names of options and subcommands only, so the known names become subcommands.
        CommandSpec names = CommandSpec.create();
        known.forEach(name -> names.addSubcommand(name, CommandSpec.create()));
        return hint(typed, new CommandLine(names));
    }

    private static String hint(String typed, CommandLine commandLine) {
        if (isApiKey(typed)) {
            return API_KEY_HINT;
        }
        return new UnmatchedArgumentException(commandLine, List.of(typed))
                .getSuggestions().stream()
                        .findFirst()
                        .map(name -> "; did you mean " + name + "?")
                        .orElse("");
    }

    /**
     * An option of this name carries the key itself, which other users of the machine could read. It is not accepted.
     */
    private static boolean isApiKey(String name) {
        return name.toLowerCase(Locale.ROOT).replace('_', '-').endsWith("api-key");
    }
}
