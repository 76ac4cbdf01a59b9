package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ChaosCommandTest {
    private static final int WRONG_USAGE = 2;

    @TempDir
    private Path folder;

    private final StringWriter said = new StringWriter();
    private String jar = "";

    @BeforeEach
    void createAFileAsJar() throws Exception {
        jar = Files.createFile(folder.resolve("sluice.jar")).toString();
    }

    private int run(String... arguments) {
        CommandLine command = ChaosCommand.commandLine().setErr(new PrintWriter(said, true));
        return command.execute(arguments);
    }

    @Test
    void numbersOutOfRangeAreWrongUsage() {
        assertThat(run("--worker-jar", jar, "--workers=0")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "--requests=0")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "--faults=-1")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "--seed=-1")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "--brokers=0")).isEqualTo(WRONG_USAGE);
        assertThat(said.toString())
                .contains(
                        "--workers must be 1 to 32, is '0'",
                        "--requests must be",
                        "--faults must be",
                        "--seed must be",
                        "--brokers must be 1 to 5, is '0'");
    }

    @Test
    void aFaultOfAClusterNeedsOne() {
        assertThat(run("--worker-jar", jar, "--only=kill_controller")).isEqualTo(WRONG_USAGE);
        assertThat(said.toString()).contains("--only", "'KILL_CONTROLLER'", "--brokers");
    }

    @Test
    void numbersOfTheTrialsOfDoorsHaveTheirRanges() {
        assertThat(run("--worker-jar", jar, "door", "--requests=0")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "door", "--strikes=0")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "door", "--spacing=0.5")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", jar, "fuzz", "--minutes=0")).isEqualTo(WRONG_USAGE);
        assertThat(run("--worker-jar", folder.resolve("none").toString(), "fuzz"))
                .isEqualTo(WRONG_USAGE);
        assertThat(said.toString())
                .contains(
                        "--requests must be 1 to 5000, is '0'",
                        "--strikes must be",
                        "--spacing must be",
                        "--minutes must be",
                        "--worker-jar must be a file");
    }

    @Test
    void anUnknownKindOfFaultIsWrongUsage() {
        assertThat(run("--worker-jar", jar, "--only=earthquake")).isEqualTo(WRONG_USAGE);
        assertThat(said.toString()).contains("earthquake");
    }

    @Test
    void aMissingJarIsWrongUsage() {
        String missing = folder.resolve("missing.jar").toString();

        assertThat(run("--worker-jar", missing)).isEqualTo(WRONG_USAGE);
        assertThat(said.toString()).contains("--worker-jar must be a file, is '" + missing + "'");
    }

    @Test
    void anOlderHistoryIsNotMixedWithANewOne() {
        assertThat(run("--worker-jar", jar, "--history", folder.toString())).isEqualTo(WRONG_USAGE);
        assertThat(said.toString()).contains("--history must be a new or an empty folder");
    }
}
