package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.ApiCall;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The command {@code chaos batch}. */
@Command(
        name = "batch",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Runs a batch by HTTP over two doors and two workers, while these and the broker are killed and "
                + "stopped. Checks that each line has its own answer, once, and that another door goes on within 30 s.")
final class BatchCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int PER_SECOND = 1_000;
    private static final Duration STREAM = Duration.ofSeconds(1);
    private static final int WARM_UP_LINES = 10_000;

    @ParentCommand
    private ChaosCommand chaos = ChaosCommand.unused();

    @Option(names = "--seed", paramLabel = "N", description = "What everything follows from (default: a new one).")
    private @Nullable Long seed;

    @Option(
            names = "--lines",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Lines of the batch (${DEFAULT-VALUE}).")
    private int lines;

    @Option(names = "--kills", paramLabel = "N", defaultValue = "5", description = "Kills (${DEFAULT-VALUE}).")
    private int kills;

    @Option(names = "--stops", paramLabel = "N", defaultValue = "2", description = "Stops (${DEFAULT-VALUE}).")
    private int stops;

    @Option(
            names = "--broker-kills",
            paramLabel = "N",
            defaultValue = "1",
            description = "Kills of the broker (${DEFAULT-VALUE}).")
    private int brokerKills;

    @Option(
            names = "--stop-seconds",
            paramLabel = "SECONDS",
            defaultValue = "40",
            description = "How long a process is stopped (${DEFAULT-VALUE}).")
    private double stopSeconds;

    @Option(
            names = "--submit",
            defaultValue = "false",
            description = "Run another batch before, so that all processes are warm, and the same file with 'sluice "
                    + "submit' after it. Print how long both took, and the quotient, to be 1.05 at most.")
    private boolean submits;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        chaos.require(lines >= 1 && lines <= 999_999, "--lines", lines, "1 to 999999");
        chaos.require(kills >= 0 && kills <= 100, "--kills", kills, "0 to 100");
        chaos.require(stops >= 0 && stops <= 100, "--stops", stops, "0 to 100");
        chaos.require(brokerKills >= 0 && brokerKills <= 100, "--broker-kills", brokerKills, "0 to 100");
        chaos.require(stopSeconds >= 1 && stopSeconds <= 600, "--stop-seconds", stopSeconds, "1 to 600");
        long chosen = seed == null ? ThreadLocalRandom.current().nextLong(1_000_000) : seed;
        PrintWriter out = spec.commandLine().getOut();
        Path folder = Files.createTempDirectory("sluice-chaos-batch-");
        String again = "scripts/chaos" + chaos.oldJar() + " batch --seed " + chosen + " --lines " + lines + " --kills "
                + kills + " --stops " + stops + " --broker-kills " + brokerKills + " --stop-seconds " + stopSeconds;
        out.printf("again with: %s%nlogs: %s%n", again, folder);
        BatchTrial.Plan plan =
                new BatchTrial.Plan(chosen, lines, kills, stops, brokerKills, (long) (stopSeconds * 1_000));
        ProgressLines progress = new ProgressLines(out);
        try (DoorRig rig = new DoorRig(chaos.jars(), folder, chosen, PER_SECOND, STREAM, progress::say)) {
            if (submits) {
                warmUp(rig, folder, progress);
            }
            int before = rig.recorder().history().calls().size();
            BatchTrial trial = new BatchTrial(rig, plan, folder, progress::say);
            Path file = trial.write();
            BatchTrial.Outcome outcome = trial.run(file);
            List<Violation> violations = BatchCheck.of(outcome, lines);
            List<ApiCall> calls =
                    rig.recorder().history().calls().stream().skip(before).toList();
            long called = calls.stream().map(ApiCall::id).distinct().count();
            out.printf("%-32s %d%n", "lines", lines);
            out.printf("%-32s %.1f%n", "seconds", outcome.seconds());
            out.printf(
                    "%-32s %.1f%n",
                    "longest take-over, s", outcome.longestTakeOver().toMillis() / 1e3);
            out.printf("%-32s %d%n", "calls", calls.size());
            out.printf("%-32s %d%n", "calls made again", calls.size() - called);
            if (submits) {
                double submit = rig.submit(file);
                out.printf("%-32s %.1f%n", "seconds of submit", submit);
                out.printf("%-32s %.3f%n", "batch against submit", outcome.seconds() / submit);
            }
            violations.forEach(out::println);
            out.printf("%d violations%nlogs: %s%nagain with: %s%n", violations.size(), folder, again);
            out.flush();
            return violations.isEmpty() ? 0 : FAILED;
        }
    }

    /** Runs a batch without strikes, whose times are those of processes that have just started. */
    private static void warmUp(DoorRig rig, Path folder, ProgressLines progress)
            throws IOException, InterruptedException {
        Path own = Files.createDirectory(folder.resolve("warm-up"));
        BatchTrial trial = new BatchTrial(rig, new BatchTrial.Plan(0, WARM_UP_LINES, 0, 0, 0, 0), own, progress::say);
        BatchTrial.Outcome unused = trial.run(trial.write());
    }
}
