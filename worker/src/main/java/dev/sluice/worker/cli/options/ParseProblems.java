package dev.sluice.worker.cli.options;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Describes the problems that picocli has found on the command line. */
public final class ParseProblems {
    private static final Pattern INVALID = Pattern.compile("^Invalid value for (?:option '([^']+)'(?: \\([^)]*\\))?"
            + "|positional parameter at index \\d+ \\(([^)]*)\\)): ");

    private ParseProblems() {}

    /** Returns one sentence per problem, and sets the defaults that picocli has not set after an error. */
    public static List<String> of(ParseResult parsed, LayeredDefaults layers) {
        Set<String> problems = new LinkedHashSet<>();
        for (ParseResult level = parsed; level != null; level = level.hasSubcommand() ? level.subcommand() : null) {
            for (Exception error : level.errors()) {
                problems.addAll(describe(error));
            }
            if (!level.errors().isEmpty()) {
                giveDefaults(level, layers);
            }
        }
        return List.copyOf(problems);
    }

    /**
     * Sets the default of every option that has no value on the command line, or a wrong one. After an error in the
     * last word picocli does not set defaults. Without them {@link dev.sluice.worker.cli.command.Subcommand#check}
     * would find problems that are only consequences of that error.
     */
    private static void giveDefaults(ParseResult level, LayeredDefaults layers) {
        Set<ArgSpec> wrong = new HashSet<>();
        for (Exception error : level.errors()) {
            if (error instanceof ParameterException parameter && parameter.getArgSpec() != null) {
                wrong.add(parameter.getArgSpec());
            }
        }
        for (OptionSpec option : level.commandSpec().options()) {
            String text = layers.defaultValue(option);
            boolean given = level.hasMatchedOption(option) && !wrong.contains(option);
            if (!given && !option.isMultiValue() && (text != null || option.defaultValue() != null)) {
                option.setValue(Converters.valueOf(option, text != null ? text : option.defaultValue()));
            }
        }
    }

    private static List<String> describe(Exception error) {
        if (error instanceof UnmatchedArgumentException unmatched) {
            return UnknownOptions.describe(unmatched);
        }
        if (error instanceof MissingParameterException missing) {
            return missing(missing);
        }
        return List.of(INVALID.matcher(String.valueOf(error.getMessage())).replaceFirst("$1$2: "));
    }

    private static List<String> missing(MissingParameterException missing) {
        List<String> problems = new ArrayList<>();
        for (ArgSpec arg : missing.getMissing()) {
            problems.add(missing(arg));
        }
        return problems;
    }

    private static String missing(ArgSpec arg) {
        if (!(arg instanceof OptionSpec option)) {
            return arg.paramLabel() + " is missing";
        }
        return option.required()
                ? option.longestName() + " " + option.paramLabel() + " is missing; give it, or set "
                        + OptionNames.env(option).get(0)
                : option.longestName() + " needs a value: " + option.paramLabel();
    }
}
