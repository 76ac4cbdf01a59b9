package dev.sluice.trials.bench;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.AlignedTable;
import dev.sluice.trials.SluiceJar;
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

/** The options that every scenario has. Runs the scenario, shows its result and keeps its report. */
final class ScenarioRunner {
    private static final int FAILED = 1;
    /** The options that only name files of this machine. */
    private static final Set<String> PLACES = Set.of("--worker-jar", "--results");

    @Option(names = "--json", description = "One JSON object instead of a table.")
    private boolean json;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Where the report is kept, as JSON, beside a page that shows all reports in its folder.")
    private @Nullable Path results;

    @Option(
            names = "--cold",
            description =
                    "Does not warm up broker and stand-in first: quicker, to try a scenario; the machine compiles "
                            + "them meanwhile.")
    private boolean cold;

    @Option(names = "--worker-jar", paramLabel = "FILE", required = true, description = "The jar of the workers.")
    private Path workerJar = Path.of("");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    /** The measuring of a scenario whose options are valid. */
    @FunctionalInterface
    interface Measuring {
        /**
         * Measures the scenario.
         *
         * @param folder the folder for logs
         */
        ScenarioResult measure(Path folder) throws IOException, InterruptedException;
    }

    /** Runs the measuring, shows the result and returns the exit code. */
    int run(Measuring measuring) throws IOException, InterruptedException {
        require(Files.isRegularFile(workerJar), "--worker-jar", workerJar, "a file");
        // described first: the load of the machine before the scenario is part of it
        Map<String, Object> machine = MachineDescription.describe();
        Path folder = Files.createTempDirectory("sluice-bench-");
        ScenarioResult result = measuring.measure(folder);
        Map<String, Object> report = report(result, machine);
        if (results != null) {
            ResultsPage.add(results, report, result.plot());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            report.put("logs", folder.toString());
            out.println(JsonMapper.shared().writeValueAsString(report));
        } else {
            print(machine, result, folder, out);
        }
        out.flush();
        return result.holds() ? 0 : FAILED;
    }

    private Map<String, Object> report(ScenarioResult result, Map<String, Object> machine) {
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
        return report;
    }

    /** Returns the command as it was typed, without the options that name files. */
    private String typed() {
        StringBuilder typed = new StringBuilder(
                "scripts/" + spec.commandLine().getCommandSpec().qualifiedName());
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

    /** Starts a rig. It is also closed when this JVM ends. */
    BenchRig rig(Path folder, RequestTimes times, int partitions, StandInSettings settings, String... jvmOptions)
            throws IOException, InterruptedException {
        SluiceJar jar = new SluiceJar(workerJar.toAbsolutePath(), List.of(jvmOptions), Files.createDirectories(folder));
        return new BenchRig(jar, times, partitions, settings, broker());
    }

    /** Returns the settings of a broker that is as quick as others have it, unless there is no time to get warm. */
    private BrokerSettings broker() {
        BrokerSettings quickToStart = BrokerSettings.defaults();
        return cold ? quickToStart : quickToStart.withJvmOptions("-XX:TieredStopAtLevel=4");
    }

    /** Starts a rig for a backlog of so many requests and warms it up. */
    BenchRig backlogRig(Path folder, int requests, StandInSettings settings, String... jvmOptions)
            throws IOException, InterruptedException {
        BenchRig rig = rig(folder, new RequestTimes(requests), BenchRig.PARTITIONS, settings, jvmOptions);
        warmUp(rig);
        return rig;
    }

    /** Warms up broker and stand-in, which takes some seconds each time because every rig has a new broker. */
    void warmUp(BenchRig rig) throws IOException, InterruptedException {
        if (!cold) {
            BrokerWarmUp.run(rig.bootstrapServers());
            ApiWarmUp.run();
        }
    }

    /** @throws ParameterException if the value of the option is out of bounds */
    void within(String option, long value, long min, long max) {
        require(value >= min && value <= max, option, value, min + " to " + max);
    }

    /** @throws ParameterException unless the value of the option is valid */
    void require(boolean valid, String option, Object value, String remedy) {
        if (!valid) {
            throw new ParameterException(spec.commandLine(), option + " must be " + remedy + ", is '" + value + "'");
        }
    }

    /** Prints a line of progress on standard error. */
    static void say(String what) {
        System.err.println("bench: " + what);
    }
}
