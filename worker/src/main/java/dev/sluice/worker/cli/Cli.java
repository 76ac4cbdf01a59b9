package dev.sluice.worker.cli;

import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.StandardOutput;
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
 * Runs one command line. It collects every problem of options, environment and files before it starts anything, and
 * turns every end into an exit code and a message.
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

    /** Runs the command that {@code args} name and returns its {@link ExitCode}. */
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
        } catch (InterruptedException e) {
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
        return problems.isEmpty() ? run(subcommand, name) : refuse(name, problems);
    }

    private int run(Subcommand subcommand, String name) throws InterruptedException {
        try {
            int code = subcommand.run();
            boolean isIncomplete = terminal.out().checkError() && !subcommand.endsWithItsOutput();
            return code == ExitCode.DONE && isIncomplete ? outputIsIncomplete(name) : code;
        } catch (CommandException e) {
            terminal.err().println(name + ": " + e.getMessage());
            return ExitCode.REFUSED;
        } catch (RuntimeException e) {
            // Nothing here knows which operation failed, so the message cannot name the missing right.
            terminal.err().println(name + ": failed: " + AclErrors.words(e).orElse(e.toString()));
            DebugLog.log(e);
            return ExitCode.FAILED;
        }
    }

    /** Returns the exit code. Says nothing where the reader has gone, as in {@code sluice status | head -1}. */
    private int outputIsIncomplete(String name) {
        if (!StandardOutput.isBrokenPipe(terminal.out())) {
            terminal.err().println(name + ": standard output is incomplete: it is closed, or there is no space left");
        }
        return ExitCode.FAILED;
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
