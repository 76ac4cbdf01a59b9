package dev.sluice.worker.cli;

import dev.sluice.worker.intake.Denied;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParseResult;

/**
 * Runs one command line: gathers every problem of options, environment, configuration file and other files before it
 * starts anything, and turns whatever happens into an exit code and words for people.
 */
public final class Cli {
    /** A started thing failed. */
    static final int FAILED = ExitCode.SOFTWARE;
    /** Nothing was started: wrong input or configuration, no broker, no topics. */
    static final int REFUSED = ExitCode.USAGE;

    private final Shell shell;
    private final CommandLine root;

    private Cli(Shell shell) {
        this.shell = shell;
        this.root = CommandTree.of(shell);
        root.setOut(new PrintWriter(shell.out(), true, StandardCharsets.UTF_8));
        root.setErr(new PrintWriter(shell.err(), true, StandardCharsets.UTF_8));
    }

    /** Returns the exit code: 0, 1 where something that was started has failed, 2 where it was not started */
    public static int run(Shell shell, String... args) {
        return new Cli(shell).run(List.of(args));
    }

    private int run(List<String> args) {
        LayeredDefaults layers = LayeredDefaults.of(shell.env(), args);
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
            return FAILED;
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
        } catch (Refusal refusal) {
            shell.err().println(name + ": " + refusal.getMessage());
            return REFUSED;
        } catch (RuntimeException failure) {
            // of what nobody has caught it is not known what was tried
            shell.err().println(name + ": failed: " + Denied.words(failure).orElse(failure.toString()));
            Defects.log(failure);
            return FAILED;
        }
    }

    private int refuse(String name, List<String> problems) {
        if (problems.size() == 1) {
            shell.err().println(name + ": " + problems.get(0));
        } else {
            shell.err().println(name + ": " + problems.size() + " problems");
            problems.forEach(problem -> shell.err().println("  - " + problem));
        }
        shell.err().println("See '" + name + " --help'.");
        return REFUSED;
    }

    private static CommandLine innermost(ParseResult parsed) {
        ParseResult innermost = parsed;
        while (innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        return innermost.commandSpec().commandLine();
    }
}
