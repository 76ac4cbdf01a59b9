package dev.sluice.trials.bench;

import dev.sluice.trials.JavaProgram;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** What every scenario has: its options, its rigs, its report. */
final class BenchScenario {
    private static final int FAILED = 1;
    private static final Set<String> PLACES = Set.of("--worker-jar", "--results", "--plot");

    @Option(names = "--json", description = "One JSON object instead of a table.")
    private boolean json;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Where the report is kept, as JSON, beside a page that shows all reports in its folder.")
    private @Nullable Path results;

    @Option(
            names = "--cold",
            description = "Without letting broker and stand-in warm up before: quicker, to try a scenario; the machine "
                    + "compiles them meanwhile.")
    private boolean cold;

    @Option(names = "--worker-jar", paramLabel = "FILE", required = true, description = "The jar of the workers.")
    private Path workerJar = Path.of("");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    /** A scenario's measuring, after its options were found right. */
    @FunctionalInterface
    interface Scenario {
        ScenarioResult measure(Path folder) throws IOException, InterruptedException;
    }

    /** Runs the scenario, shows what it has measured and gives the exit code. */
    int run(Scenario scenario) throws IOException, InterruptedException {
        require(Files.isRegularFile(workerJar), "--worker-jar", workerJar, "a file");
        Map<String, Object> machine = MachineDescription.describe();
        Path folder = Files.createTempDirectory("sluice-bench-");
        ScenarioResult result = scenario.measure(folder);
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("command", typed());
        report.put("scenario", spec.commandLine().getCommandName());
        report.put("holds", result.holds());
        report.put("measured", result.measured());
        if (!result.rows().isEmpty()) {
            report.put("table", result.rows());
        }
        report.put("bounds", result.bounds());
        report.put("machine", machine);
        report.put("logs", folder.toString());
        if (results != null) {
            Map<String, Object> kept = new LinkedHashMap<>(report);
            kept.remove("logs");
            ResultsPage.add(results, kept, result.plot());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JsonMapper.shared().writeValueAsString(report));
        } else {
            print(machine, result, folder, out);
        }
        out.flush();
        return result.holds() ? 0 : FAILED;
    }

    /** The options that were given, without those that only say where things lie on this machine. */
    private String typed() {
        StringBuilder typed =
                new StringBuilder("scripts/bench " + spec.commandLine().getCommandName());
        spec.commandLine().getParseResult().matchedOptions().stream()
                .filter(option -> !PLACES.contains(option.longestName()))
                .forEach(option -> {
                    typed.append(' ').append(option.longestName());
                    if (option.arity().max() > 0) {
                        typed.append('=').append(String.join(",", option.originalStringValues()));
                    }
                });
        return typed.toString();
    }

    private static void print(Map<String, Object> machine, ScenarioResult result, Path folder, PrintWriter out) {
        machine.forEach((name, value) -> out.printf("%-44s %s%n", name, value));
        out.println();
        result.measured().forEach((name, value) -> out.printf("%-44s %s%n", name, value));
        out.print(AlignedTable.of(result.rows()));
        out.println();
        for (MeasuredBound bound : result.bounds()) {
            out.printf(
                    "%-44s %d (at most %d) %s%n",
                    bound.what(), bound.measured(), bound.limit(), bound.holds() ? "holds" : "MISSED");
        }
        out.printf("%nlogs: %s%n", folder);
    }

    /** A rig that also ends with this JVM, however that ends. */
    BenchRig rig(Path folder, RequestTimes ledger, String... jvmOptions) throws IOException {
        BenchRig rig = new BenchRig(
                JavaProgram.sluice(workerJar.toAbsolutePath(), List.of(jvmOptions)),
                Files.createDirectories(folder),
                ledger);
        Runtime.getRuntime().addShutdownHook(new Thread(rig::close, "bench-stop"));
        return rig;
    }

    /** Takes some seconds each time: the broker is another one. */
    void warmUp(BenchRig.Ends ends) throws IOException, InterruptedException {
        if (!cold) {
            WarmBroker.run(ends.bootstrapServers());
            WarmApi.run();
        }
    }

    void within(String option, long value, long min, long max) {
        require(value >= min && value <= max, option, value, min + " to " + max);
    }

    void require(boolean holds, String option, Object value, String remedy) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), option + " must be " + remedy + ", is '" + value + "'");
        }
    }

    /** Says on standard error what goes on. */
    static void say(String what) {
        System.err.println("bench: " + what);
    }
}
