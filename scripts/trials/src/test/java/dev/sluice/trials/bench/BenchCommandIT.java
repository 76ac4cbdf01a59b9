package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs the smallest scenarios through the command, several at once because nothing here depends on speed. Figures come
 * from {@code scripts/bench}. Those that are tagged as long run with {@code -Dlong.tests=} alone.
 */
@Execution(ExecutionMode.CONCURRENT)
class BenchCommandIT {
    private static final String JAR =
            Path.of("..", "..", "worker", "target", "sluice.jar").toString();

    @Test
    @Tag("long")
    void measuresARestart() {
        JsonNode report = report("restart", "--rate=20", "--load=1", "--latency=200");

        // how long nothing is answered depends on the machine and on its other work
        assertThat(report.path("bounds").valueStream())
                .filteredOn(bound -> !bound.path("what").stringValue("").endsWith("ms without replies"))
                .hasSize(3)
                .allSatisfy(
                        bound -> assertThat(bound.path("measured").intValue(1)).isZero());
        assertThat(report.at("/measured/from the kill to the first new reply, ms/p50")
                        .longValue())
                .isPositive();
        assertThat(report.at("/machine/jdk").stringValue()).isNotBlank();
    }

    @Test
    @Tag("long")
    void measuresAStart() {
        StringWriter out = new StringWriter();

        BenchCommand.commandLine()
                .setOut(new PrintWriter(out))
                .execute("start", "--worker-jar", JAR, "--json", "--cold", "--runs=1");

        JsonNode report = JsonMapper.shared().readTree(out.toString());
        assertThat(report.at("/measured/from the start of the process to its partitions, ms/p50")
                        .longValue())
                .isPositive();
    }

    @Test
    void measuresADoor() {
        StringWriter out = new StringWriter();

        BenchCommand.commandLine()
                .setOut(new PrintWriter(out))
                .execute("door", "--worker-jar", JAR, "--json", "--cold", "--rate=20", "--warm-up=1", "--seconds=2");

        // how long it takes depends on the machine and on its other work
        JsonNode report = JsonMapper.shared().readTree(out.toString());
        assertThat(report.at("/bounds/0/measured").intValue(1)).isZero();
        assertThat(Double.parseDouble(
                        report.at("/table/through the door/p50, ms").stringValue("")))
                .isGreaterThan(50);
    }

    @Test
    void measuresAPace() {
        StringWriter out = new StringWriter();

        BenchCommand.commandLine()
                .setOut(new PrintWriter(out))
                .execute("pace", "--worker-jar", JAR, "--json", "--cold", "--scenario=known", "--requests=60");

        // the utilisation depends on the machine and on its other work, so it is not checked
        JsonNode report = JsonMapper.shared().readTree(out.toString());
        assertThat(report.at("/table/known/limit").stringValue("")).isEqualTo("20/s");
        assertThat(report.at("/table/known/calls").stringValue("")).asInt().isGreaterThanOrEqualTo(60);
        assertThat(report.path("bounds")
                        .valueStream()
                        .filter(bound -> bound.path("what").stringValue("").contains("all answered")))
                .singleElement()
                .satisfies(
                        bound -> assertThat(bound.path("measured").intValue(1)).isZero());
    }

    @Test
    void comparesAWorkerWithTheFloorAndKeepsTheReport(@TempDir Path folder) {
        BenchCommand.commandLine()
                .setOut(new PrintWriter(new StringWriter()))
                .execute(
                        "throughput",
                        "--worker-jar=" + JAR,
                        "--results=" + folder.resolve("small.json"),
                        "--contenders=floor-c1,transactional,sluice-observed",
                        "--cold",
                        "--runs=1",
                        "--requests=200",
                        "--behind=100");

        // the rates depend on the machine and on its other work, so they are not checked
        JsonNode report =
                JsonMapper.shared().readTree(folder.resolve("small.json").toFile());
        assertThat(report.path("command").stringValue(""))
                .startsWith("scripts/bench throughput ")
                .contains("--requests=200")
                .doesNotContain("jar", "results");
        assertThat(report.at("/table/floor-c1/replies~1s").stringValue("")).endsWith("(1.00)");
        assertThat(report.at("/table/transactional/replies~1s").stringValue("")).matches("[1-9].*");
        assertThat(report.at("/table/sluice-observed/peak RSS, MiB").stringValue(""))
                .matches("[1-9].*");
        assertThat(folder.resolve("README.md")).content().contains("## small", "| sluice-observed |", "![small]");
        assertThat(folder.resolve("small.svg")).content().contains("<svg", "sluice-observed", "replies/s");
    }

    @Test
    @Tag("long")
    void measuresLatencyAndRetries() {
        JsonNode latency = report("latency", "--cold", "--contenders=sluice", "--runs=1", "--warm-up=1", "--seconds=2");
        JsonNode retry = report("retry", "--cold", "--rate=50", "--warm-up=1", "--seconds=2", "--reset=1");

        assertThat(latency.at("/table/sluice/p50, ms").stringValue("")).matches("[1-9].*");
        assertThat(retry.at("/measured/called again after the wait, ms later/count")
                        .intValue())
                .isBetween(50, 150);
        assertThat(retry.at("/measured/called again after the wait, ms later/p50")
                        .longValue())
                .isNotNegative();
    }

    @Test
    void aKilledWorkerLosesNoRequestAndAnswersNoneTwice() {
        JsonNode report =
                report("killed", "--cold", "--contenders=sluice", "--runs=1", "--requests=600", "--in-flight=16");

        JsonNode sluice = report.at("/table/sluice");
        assertThat(sluice.path("without a reply").stringValue("")).isEqualTo("0.00");
        assertThat(sluice.path("with more than one").stringValue("")).isEqualTo("0.00");
        assertThat(sluice.has("called again")).isTrue();
    }

    @Test
    @Tag("long")
    void measuresHowLongSmallNeighboursWait() {
        JsonNode giant = report("neighbours", "giant", "--cold", "--waiting=6000", "--others=12", "--lead=1");
        JsonNode tenants = report("neighbours", "tenants", "--cold", "--giant=200", "--medium=20", "--small=2");

        assertThat(giant.path("command").stringValue("")).startsWith("scripts/bench neighbours giant --cold ");
        assertThat(giant.at("/measured/published to the last, ms/p50").longValue())
                .isPositive();
        assertThat(isAnswered(giant)).isTrue();
        assertThat(giant.at("/measured/moved to the overflow topic until then/p50")
                        .longValue())
                .as("what does not fit into the read-ahead of two workers")
                .isBetween(1L, 6_000L);
        assertThat(tenants.at("/measured/the 2: from read to reply, ms/count").intValue())
                .isEqualTo(2);
        assertThat(isAnswered(tenants)).isTrue();
    }

    @Test
    @Tag("long")
    void nothingOfASingleFlowMoves() {
        JsonNode oneFlow = report(
                "neighbours", "one-flow", "--cold", "--runs=1", "--requests=200", "--waiting=300", "--baseline=10");

        assertThat(oneFlow.at("/table/10 waiting/replies~1s").stringValue("")).matches("[1-9].*");
        assertThat(oneFlow.at("/table/300 waiting/moved").stringValue("")).isEqualTo("0");
    }

    /** Tells whether the bound of a report that all is answered holds. */
    private static boolean isAnswered(JsonNode report) {
        return report.path("bounds")
                .valueStream()
                .anyMatch(bound -> bound.path("what").stringValue("").contains("answered")
                        && bound.path("measured").intValue(1) == 0);
    }

    private static JsonNode report(String scenario, String... options) {
        StringWriter out = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of(scenario));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of("--worker-jar=" + JAR, "--json"));
        BenchCommand.commandLine().setOut(new PrintWriter(out)).execute(arguments.toArray(String[]::new));
        return JsonMapper.shared().readTree(out.toString());
    }

    @Test
    void refusesOptionsOutOfBounds() {
        refuses("--rate must be", "restart", "--rate=0");
        refuses("--scenario must be", "pace", "--scenario=known,unheard");
        refuses("--contenders must be", "throughput", "--contenders=floor,nobody");
        refuses("--only must be", "all", "--results=unused", "--only=nothing");
    }

    private static void refuses(String why, String scenario, String... options) {
        StringWriter err = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of(scenario, "--worker-jar=" + JAR));
        arguments.addAll(List.of(options));

        int exitCode =
                BenchCommand.commandLine().setErr(new PrintWriter(err)).execute(arguments.toArray(String[]::new));

        assertThat(exitCode).isEqualTo(2);
        assertThat(err).asString().contains(why);
    }
}
