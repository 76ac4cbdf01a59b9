package dev.sluice.worker.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/**
 * A command with its options set, as {@link Cli} sets them, and not yet run.
 *
 * @param problems everything that was found wrong
 */
record ParsedCommand(Object command, List<String> problems) {
    static ParsedCommand of(TestShell shell, String... args) throws InterruptedException {
        return of(shell.shell(), args);
    }

    static ParsedCommand of(Shell shell, String... args) throws InterruptedException {
        CommandLine root = CommandTree.of(shell);
        LayeredDefaults layers = LayeredDefaults.of(shell.env(), List.of(args));
        root.setDefaultValueProvider(layers);
        ParseResult parsed = root.parseArgs(args);
        List<String> problems = new ArrayList<>(ParseProblems.of(parsed, layers));
        problems.addAll(layers.problems(root));
        Object command = parsed.subcommand().commandSpec().userObject();
        ((Subcommand) command).check(problems);
        return new ParsedCommand(command, problems);
    }
}
