package dev.sluice.worker.cli;

import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.LayeredDefaults;
import dev.sluice.worker.cli.options.ParseProblems;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclErrors;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/**
 * Runs one command line: gathers every problem of options, environment, configuration file and other files before it
 * starts anything, and turns whatever happens into an exit code and words for people.
 */
public final class Cli {
    private final Terminal terminal;
    private final CommandLine root;

    private Cli(Terminal terminal) {
        this.terminal = terminal;
        this.root = CommandTree.of(terminal);
        root.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    }

    /** Returns the exit code: 0, 1 where something that was started has failed, 2 where it was not started */
    public static int run(Terminal terminal, String... args) {
        return new Cli(terminal).run(List.of(args));
    }

    private int run(List<String> args) {
        LayeredDefaults layers = LayeredDefaults.of(terminal.env(), args);
        root.setDefaultValueProvider(layers);
        ParseResult parsed = root.parseArgs(args.toArray(new String[0]));
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        CommandLine command = innermost(parsed);
        try {
            List<String> problems = new ArrayList<>(ParseProblems.of(parsed, layers));
            problems.addAll(layers.problems(root));
            return run(command, problems);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILED;
        }
    }

    private int run(CommandLine command, List<String> problems) throws InterruptedException {
        String name = command.getCommandSpec().qualifiedName();
        if (!(command.getCommand() instanceof Subcommand subcommand)) {
            if (problems.isEmpty()) {
                problems.add("say what to do: one of "
                        + String.join(", ", command.getSubcommands().keySet()));
            }
            return refuse(name, problems);
        }
        subcommand.check(problems);
        if (!problems.isEmpty()) {
            return refuse(name, problems);
        }
        try {
            return subcommand.run();
        } catch (CommandException refusal) {
            terminal.err().println(name + ": " + refusal.getMessage());
            return ExitCode.REFUSED;
        } catch (RuntimeException failure) {
            // of what nobody has caught it is not known what was tried
            terminal.err()
                    .println(name + ": failed: " + AclErrors.words(failure).orElse(failure.toString()));
            DebugLog.log(failure);
            return ExitCode.FAILED;
        }
    }

    private int refuse(String name, List<String> problems) {
        if (problems.size() == 1) {
            terminal.err().println(name + ": " + problems.get(0));
        } else {
            terminal.err().println(name + ": " + problems.size() + " problems");
            problems.forEach(problem -> terminal.err().println("  - " + problem));
        }
        terminal.err().println("See '" + name + " --help'.");
        return ExitCode.REFUSED;
    }

    private static CommandLine innermost(ParseResult parsed) {
        ParseResult innermost = parsed;
        while (innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        return innermost.commandSpec().commandLine();
    }
}
