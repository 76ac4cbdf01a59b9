package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The smallest run, through the command; figures come from {@code scripts/bench}. */
class BenchIT {
    private static final String JAR =
            Path.of("..", "..", "worker", "target", "sluice.jar").toString();

    @Test
    void measuresARestart() {
        StringWriter out = new StringWriter();

        int exitCode = BenchCommand.commandLine()
                .setOut(new PrintWriter(out))
                .execute("restart", "--worker-jar", JAR, "--json", "--rate=20", "--load=1", "--latency=200");

        JsonNode report = JsonMapper.shared().readTree(out.toString());
        assertThat(exitCode).as("%s", report).isZero();
        assertThat(report.at("/holds").booleanValue()).isTrue();
        assertThat(report.at("/measured/from the kill to the first new reply, ms")
                        .longValue())
                .isPositive();
        assertThat(report.at("/machine/jdk").stringValue()).isNotBlank();
    }

    @Test
    void refusesWhatItCannotMeasure() {
        int exitCode = BenchCommand.commandLine()
                .setErr(new PrintWriter(new StringWriter()))
                .execute("restart", "--worker-jar", JAR, "--rate=0");

        assertThat(exitCode).isEqualTo(2);
    }
}
