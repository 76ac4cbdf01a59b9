package dev.sluice.trials.chaos;

import static java.util.stream.Collectors.joining;

import dev.sluice.trials.chaos.check.CheckBounds;
import dev.sluice.trials.chaos.check.HistoryCheck;
import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.ChaosPlan;
import dev.sluice.trials.chaos.plan.FaultKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code chaos} command. It exits with 0 if all checks hold, with 1 if a check or the run fails, and with 2 after
 * wrong usage.
 */
@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {DoorCommand.class, BatchCommand.class, FuzzCommand.class},
        description = {
            "Runs real workers on a real broker, lets faults strike by a schedule that follows from the seed, and "
                    + "checks the whole history: every request ends exactly once, as it has to, and without needless "
                    + "calls.",
            ""
        },
        footerHeading = "%nAlso:%n",
        footer = {
            "  scripts/chaos --defect NAME [OPTIONS]",
            "",
            "builds a worker with the defect of scripts/trials/defects/NAME.patch and runs it: the checks must find "
                    + "it, and the exit code is then 1."
        })
public final class ChaosCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 2;
    private static final int MAX_REQUESTS = 999_999;
    private static final int MAX_BROKERS = 5;

    @Option(names = "--seed", paramLabel = "N", description = "What everything follows from (default: a new one).")
    private @Nullable Long seed;

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "10000",
            description = "Requests to publish (${DEFAULT-VALUE}).")
    private int requests;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "4",
            description = "Workers to begin with (${DEFAULT-VALUE}).")
    private int workers;

    @Option(
            names = "--brokers",
            paramLabel = "N",
            defaultValue = "1",
            description = "Brokers, with as many replicas of everything (${DEFAULT-VALUE}). From 3 on, faults strike "
                    + "coordinators, controllers and several brokers, too.")
    private int brokers;

    @Option(names = "--faults", paramLabel = "N", defaultValue = "30", description = "Faults (${DEFAULT-VALUE}).")
    private int faults;

    @Option(
            names = "--spacing",
            paramLabel = "SECONDS",
            defaultValue = "12",
            description = "From the start of one fault to that of the next, on average (${DEFAULT-VALUE}).")
    private double spacing;

    @Option(
            names = "--only",
            paramLabel = "KIND",
            split = ",",
            description = "Only faults of these kinds: ${COMPLETION-CANDIDATES} (default: all "
                    + "that can happen to so many brokers).")
    private List<FaultKind> only = List.of();

    @Option(
            names = "--history",
            paramLabel = "DIR",
            description = "Where history and logs go (default: a new temporary folder).")
    private @Nullable Path folder;

    @Option(names = "--worker-jar", paramLabel = "FILE", required = true, description = "The jar of the workers.")
    private Path workerJar = Path.of("");

    @Option(
            names = "--old-jar",
            paramLabel = "FILE",
            description = "The jar of another release, with which all workers and doors begin. Each process that takes "
                    + "the place of another is of the other release.")
    private @Nullable Path oldJar;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private ChaosCommand() {}

    /** Returns what a field of a subcommand holds until it is parsed. */
    static ChaosCommand unused() {
        return new ChaosCommand();
    }

    /** Runs the command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new ChaosCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((wrong, args) -> {
                    wrong.getCommandLine().getErr().println("chaos: " + wrong.getMessage());
                    return WRONG_USAGE;
                });
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        long chosen = seed == null ? ThreadLocalRandom.current().nextLong(1_000_000) : seed;
        PrintWriter out = spec.commandLine().getOut();
        Path history = history();
        String again = "scripts/chaos" + oldJar() + " --seed " + chosen + " --requests " + requests + " --workers "
                + workers
                + (brokers == 1 ? "" : " --brokers " + brokers) + " --faults " + faults + " --spacing " + spacing
                + only();
        out.printf("seed %d; again with: %s%nhistory and logs: %s%n", chosen, again, history);
        ChaosPlan plan = ChaosPlan.of(chosen, requests, workers, faults, (long) (spacing * 1_000), kinds());
        ChaosRun run = new ChaosRun(plan, brokers, history, out);
        Thread stop = new Thread(run::close, "chaos-stop");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            RunHistory happened = run.run(jars());
            List<Violation> violations = HistoryCheck.all(happened, CheckBounds.DEFAULT);
            HistoryFiles.write(history, happened, violations);
            new ChaosReport(happened, violations, CheckBounds.DEFAULT, out).print();
            out.printf("%nhistory and logs: %s%nagain with: %s%n", history, again);
            out.flush();
            return violations.isEmpty() ? 0 : FAILED;
        } catch (RuntimeException e) {
            if (!run.isClosed()) {
                throw e;
            }
            spec.commandLine().getErr().println("chaos: stopped; what there is of logs: " + history);
            return FAILED;
        } finally {
            run.close();
        }
    }

    private List<FaultKind> kinds() {
        return only.isEmpty() ? FaultKind.of(brokers) : List.copyOf(only);
    }

    private String only() {
        return only.isEmpty() ? "" : only.stream().map(FaultKind::name).collect(joining(",", " --only ", ""));
    }

    private void check() {
        require(seed == null || seed >= 0, "--seed", seed, "0 or more");
        require(requests >= 1 && requests <= MAX_REQUESTS, "--requests", requests, "1 to " + MAX_REQUESTS);
        require(workers >= 1 && workers <= 32, "--workers", workers, "1 to 32");
        require(brokers >= 1 && brokers <= MAX_BROKERS, "--brokers", brokers, "1 to " + MAX_BROKERS);
        for (FaultKind kind : only) {
            require(kind.fitsTo(brokers), "--only", kind, "a kind that --brokers=" + brokers + " can have");
        }
        require(faults >= 0 && faults <= 1_000, "--faults", faults, "0 to 1000");
        require(spacing >= 1 && spacing <= 600, "--spacing", spacing, "1 to 600");
        List<Path> unused = jars();
    }

    /** Returns the jars of workers and doors. If there are two releases, the earlier one is first. */
    List<Path> jars() {
        require(Files.isRegularFile(workerJar), "--worker-jar", workerJar, "a file");
        if (oldJar == null) {
            return List.of(workerJar.toAbsolutePath());
        }
        require(Files.isRegularFile(oldJar), "--old-jar", oldJar, "a file");
        return List.of(oldJar.toAbsolutePath(), workerJar.toAbsolutePath());
    }

    /** Returns the option of the earlier release as it is given, or nothing. */
    String oldJar() {
        return oldJar == null ? "" : " --old-jar " + oldJar;
    }

    /** @throws ParameterException unless the value of the option is valid */
    void require(boolean holds, String option, @Nullable Object value, String remedy) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), option + " must be " + remedy + ", is '" + value + "'");
        }
    }

    private Path history() throws IOException {
        if (folder == null) {
            return Files.createTempDirectory("sluice-chaos-");
        }
        Path created = Files.createDirectories(folder).toAbsolutePath();
        try (var entries = Files.list(created)) {
            require(entries.findAny().isEmpty(), "--history", folder, "a new or an empty folder");
        }
        return created;
    }
}
