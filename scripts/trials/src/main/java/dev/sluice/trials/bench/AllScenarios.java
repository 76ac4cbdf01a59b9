package dev.sluice.trials.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The {@code all} command: runs the scenarios of the page of results. */
@Command(
        name = "all",
        mixinStandardHelpOptions = true,
        description = "Runs what the page of results shows, one scenario after another, and writes that page.")
final class AllScenarios implements Callable<Integer> {
    /** The contenders with a guarantee, whose costs are compared. */
    private static final String GUARANTEED = "at-least-once,transactional,sluice";

    /** The arguments of each scenario by the name of its report. */
    private static final Map<String, List<String>> SCENARIOS = new LinkedHashMap<>();

    static {
        // the first two have what lasts, the others of throughput the first seconds
        SCENARIOS.put(
                "lasting-throughput-50ms",
                List.of("throughput", "--requests=200000", "--contenders=floor,floor-c1,sluice,sluice-c2"));
        SCENARIOS.put(
                "lasting-throughput-0ms",
                List.of(
                        "throughput",
                        "--requests=200000",
                        "--latency=0",
                        "--bound=90",
                        "--contenders=floor,floor-c1,sluice,sluice-c2"));
        SCENARIOS.put("scale-up", List.of("scale-up"));
        SCENARIOS.put("pace", List.of("pace", "--runs=3"));
        SCENARIOS.put("throughput-50ms", List.of("throughput", "--contenders=floor,floor-c1,sluice-c2," + GUARANTEED));
        SCENARIOS.put(
                "throughput-0ms",
                List.of("throughput", "--latency=0", "--bound=90", "--contenders=floor-c1,sluice", "--runs=5"));
        SCENARIOS.put(
                "throughput-1s-2000-in-flight",
                List.of("throughput", "--latency=1000", "--in-flight=2000", "--heap=512"));
        SCENARIOS.put("killed", List.of("killed", "--contenders=floor-c1," + GUARANTEED, "--in-flight=64"));
        SCENARIOS.put("observed", List.of("throughput", "--contenders=sluice,sluice-observed", "--runs=5"));
        SCENARIOS.put("waiting-10-thousand", List.of("throughput", "--contenders=sluice", "--behind=10000"));
        SCENARIOS.put(
                "waiting-10-million", List.of("throughput", "--contenders=sluice", "--behind=10000000", "--runs=1"));
        SCENARIOS.put("latency-50-per-second", List.of("latency", "--contenders=floor-c1," + GUARANTEED));
        SCENARIOS.put("latency-500-per-second", List.of("latency", "--rate=500", "--contenders=floor-c1,sluice"));
        SCENARIOS.put("a-million-delayed", List.of("delayed", "--watch=120"));
        SCENARIOS.put("retry", List.of("retry"));
        SCENARIOS.put("beside-a-hung-model", List.of("neighbours", "hung"));
        SCENARIOS.put("retries-before-a-backlog", List.of("neighbours", "retries"));
        SCENARIOS.put("express-beside-a-backlog", List.of("neighbours", "express"));
        SCENARIOS.put(
                "express-while-half-a-million-move",
                List.of("neighbours", "express", "--moving=500000", "--seconds=300"));
        SCENARIOS.put("behind-half-a-million", List.of("neighbours", "giant"));
        SCENARIOS.put("express-beside-half-a-million", List.of("neighbours", "giant", "--express"));
        SCENARIOS.put("tenants-in-turns", List.of("neighbours", "tenants"));
        SCENARIOS.put("tenants-behind-a-giant", List.of("neighbours", "tenants", "--giant-first"));
        SCENARIOS.put("a-million-of-one-flow", List.of("neighbours", "one-flow"));
        SCENARIOS.put("start", List.of("start"));
        SCENARIOS.put("restart", List.of("restart", "--rate=200", "--latency=300", "--runs=3", "--bound=11000"));
        SCENARIOS.put(
                "restart-with-instance-id",
                List.of("restart", "--rate=200", "--latency=300", "--runs=3", "--instance-id", "--bound=3000"));
        SCENARIOS.put("scaling", List.of("scaling"));
    }

    @Option(
            names = "--results",
            paramLabel = "FOLDER",
            required = true,
            description = "Where the page is written, and what it is made of.")
    private Path folder = Path.of("");

    @Option(names = "--only", split = ",", paramLabel = "NAME", description = "Of the page's parts (all).")
    private List<String> only = List.of();

    @Option(names = "--worker-jar", paramLabel = "FILE", required = true, description = "The jar of the workers.")
    private Path workerJar = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Returns the names of the reports in the order in which the page shows them. */
    static List<String> names() {
        return List.copyOf(SCENARIOS.keySet());
    }

    @Override
    public Integer call() {
        only.stream().filter(name -> !SCENARIOS.containsKey(name)).findFirst().ifPresent(name -> {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--only must be of " + String.join(", ", SCENARIOS.keySet()) + ", is '" + name + "'");
        });
        int worst = 0;
        for (Map.Entry<String, List<String>> scenario : SCENARIOS.entrySet()) {
            if (only.isEmpty() || only.contains(scenario.getKey())) {
                ScenarioRunner.say(scenario.getKey());
                List<String> arguments = new ArrayList<>(scenario.getValue());
                arguments.add("--results=" + folder.resolve(scenario.getKey() + ".json"));
                arguments.add("--worker-jar=" + workerJar);
                worst = Math.max(worst, BenchCommand.commandLine().execute(arguments.toArray(String[]::new)));
            }
        }
        return worst;
    }
}
