package dev.sluice.worker.cli;

import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.LayeredDefaults;
import dev.sluice.worker.cli.options.ParseProblems;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/**
 * A command whose options are set as {@link Cli} sets them, and that has not run.
 *
 * @param problems all problems of the options
 */
public record ParsedCommand(Object command, List<String> problems) {
    public static ParsedCommand of(TestTerminal terminal, String... args) throws InterruptedException {
        return of(terminal.terminal(), args);
    }

    public static ParsedCommand of(Terminal terminal, String... args) throws InterruptedException {
        CommandLine root = CommandTree.of(terminal);
        LayeredDefaults layers = LayeredDefaults.of(terminal.env(), List.of(args));
        root.setDefaultValueProvider(layers);
        ParseResult parsed = root.parseArgs(args);
        List<String> problems = new ArrayList<>(ParseProblems.of(parsed, layers));
        problems.addAll(layers.problems(root));
        Object command = parsed.subcommand().commandSpec().userObject();
        ((Subcommand) command).check(problems);
        return new ParsedCommand(command, problems);
    }
}
