package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.DoorTry.TryEnd;
import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.ApiCall;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The command {@code chaos door}. */
@Command(
        name = "door",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Has many clients wait at two HTTP doors over two workers, while doors, workers and the broker are "
                        + "killed, and stops a door at the end. Checks that every client gets its answer, that none "
                        + "hangs, and that calls are repeated only for a reason.")
final class DoorCommand implements Callable<Integer> {
    private static final int FAILED = 1;

    @ParentCommand
    private ChaosCommand chaos = ChaosCommand.unused();

    @Option(names = "--seed", paramLabel = "N", description = "What everything follows from (default: a new one).")
    private @Nullable Long seed;

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Requests that wait at once (${DEFAULT-VALUE}).")
    private int requests;

    @Option(
            names = "--streaming",
            paramLabel = "PERCENT",
            defaultValue = "" + DoorPlan.STREAMING,
            description = "Clients that stream their answers, of a hundred (${DEFAULT-VALUE}).")
    private int streaming;

    @Option(
            names = "--stream-seconds",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "How long a streamed answer takes (${DEFAULT-VALUE}).")
    private int streamSeconds;

    @Option(names = "--strikes", paramLabel = "N", defaultValue = "12", description = "Strikes (${DEFAULT-VALUE}).")
    private int strikes;

    @Option(
            names = "--spacing",
            paramLabel = "SECONDS",
            defaultValue = "6",
            description = "From one strike to the next (${DEFAULT-VALUE}).")
    private double spacing;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        chaos.require(requests >= 1 && requests <= 5_000, "--requests", requests, "1 to 5000");
        chaos.require(streaming >= 0 && streaming <= 100, "--streaming", streaming, "0 to 100");
        chaos.require(streamSeconds >= 1 && streamSeconds <= 120, "--stream-seconds", streamSeconds, "1 to 120");
        chaos.require(strikes >= 1 && strikes <= 1_000, "--strikes", strikes, "1 to 1000");
        chaos.require(spacing >= 1 && spacing <= 600, "--spacing", spacing, "1 to 600");
        long chosen = seed == null ? ThreadLocalRandom.current().nextLong(1_000_000) : seed;
        PrintWriter out = spec.commandLine().getOut();
        Path folder = Files.createTempDirectory("sluice-chaos-door-");
        String again = "scripts/chaos" + chaos.oldJar() + " door --seed " + chosen + " --requests " + requests
                + " --streaming " + streaming + " --stream-seconds " + streamSeconds + " --strikes " + strikes
                + " --spacing " + spacing;
        out.printf("again with: %s%nlogs: %s%n", again, folder);
        long millis = (long) (spacing * 1_000);
        DoorPlan plan = DoorPlan.of(chosen, requests, streaming, strikes, millis);
        ProgressLines progress = new ProgressLines(out);
        try (DoorRig rig = new DoorRig(
                chaos.jars(),
                folder,
                chosen,
                DoorPlan.perSecond(requests, strikes, millis),
                Duration.ofSeconds(streamSeconds),
                progress::say)) {
            DoorHistory history = new DoorRun(rig, plan, progress::say).run();
            List<Violation> violations = DoorCheck.of(history);
            summary(history).forEach((name, value) -> out.printf("%-32s %s%n", name, value));
            violations.forEach(out::println);
            out.printf("%d violations%nlogs: %s%nagain with: %s%n", violations.size(), folder, again);
            out.flush();
            return violations.isEmpty() ? 0 : FAILED;
        }
    }

    /** Returns the figures of a run by their names. */
    static Map<String, String> summary(DoorHistory history) {
        List<DoorTry> tries = Stream.of(history.tries(), history.drained())
                .flatMap(all -> all.values().stream())
                .flatMap(Collection::stream)
                .toList();
        List<ApiCall> calls = history.behind().calls();
        Map<String, String> summary = new LinkedHashMap<>();
        summary.put(
                "requests",
                Integer.toString(history.tries().size() + history.drained().size()));
        for (TryEnd end : TryEnd.values()) {
            summary.put(
                    "tries " + end.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    Long.toString(tries.stream().filter(one -> one.end() == end).count()));
        }
        summary.put(
                "longest try, s",
                Long.toString(tries.stream()
                                .mapToLong(one -> one.endedAt() - one.startedAt())
                                .max()
                                .orElse(0)
                        / 1_000));
        summary.put("most calls at once", Integer.toString(atOnce(calls)));
        summary.put("calls", Integer.toString(calls.size()));
        summary.put(
                "calls answered more than once",
                Long.toString(calls.stream().filter(ApiCall::isFinal).count()
                        - calls.stream()
                                .filter(ApiCall::isFinal)
                                .map(ApiCall::id)
                                .distinct()
                                .count()));
        summary.put("requests on the queue", Integer.toString(history.queued().size()));
        return summary;
    }

    private static int atOnce(List<ApiCall> calls) {
        TreeMap<Long, Integer> changes = new TreeMap<>();
        for (ApiCall call : calls) {
            changes.merge(call.startedAt(), 1, Integer::sum);
            changes.merge(call.endedAt(), -1, Integer::sum);
        }
        int now = 0;
        int most = 0;
        for (int change : changes.values()) {
            now += change;
            most = Math.max(most, now);
        }
        return most;
    }
}
