package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.check.Violation;
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

/** The command {@code chaos fuzz}. */
@Command(
        name = "fuzz",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Sends an HTTP door requests whose lines, headers, bodies and bytes are spoiled. Checks that every "
                        + "answer is the right one or an error in OpenAI's form, that good requests in between are "
                        + "served, and that the door has nothing left of it.")
final class FuzzCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int PER_SECOND = 1_000;
    private static final Duration STREAM = Duration.ofSeconds(1);

    @ParentCommand
    private ChaosCommand chaos = ChaosCommand.unused();

    @Option(names = "--seed", paramLabel = "N", description = "What all requests follow from (default: a new one).")
    private @Nullable Long seed;

    @Option(names = "--minutes", paramLabel = "N", defaultValue = "10", description = "Minutes (${DEFAULT-VALUE}).")
    private double minutes;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        chaos.require(minutes > 0 && minutes <= 1_440, "--minutes", minutes, "more than 0, at most 1440");
        long chosen = seed == null ? ThreadLocalRandom.current().nextLong(1_000_000) : seed;
        PrintWriter out = spec.commandLine().getOut();
        Path folder = Files.createTempDirectory("sluice-chaos-fuzz-");
        String again = "scripts/chaos fuzz --seed " + chosen + " --minutes " + minutes;
        out.printf("again with: %s%nlogs: %s%n", again, folder);
        ProgressLines progress = new ProgressLines(out);
        try (DoorRig rig = new DoorRig(chaos.jars(), folder, chosen, PER_SECOND, STREAM, progress::say)) {
            progress.say("begun");
            DoorFuzz fuzz = new DoorFuzz(rig.doors().get(0), rig.files(), chosen);
            List<Violation> violations = fuzz.run(Duration.ofMillis((long) (minutes * 60_000)));
            fuzz.counts().forEach((what, count) -> out.printf("%-32s %d%n", what, count));
            violations.forEach(out::println);
            out.printf("%d violations%nlogs: %s%nagain with: %s%n", violations.size(), folder, again);
            out.flush();
            return violations.isEmpty() ? 0 : FAILED;
        }
    }
}
