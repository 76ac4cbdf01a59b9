package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {
    private final TestTerminal terminal = new TestTerminal();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "worker",
                "gateway",
                "submit",
                "ask",
                "dlq list",
                "dlq show",
                "dlq replay",
                "status",
                "workers",
                "console",
                "topics create",
                "topics describe"
            })
    void helpNamesEveryVariableAndFitsAScreen(String command) {
        int code = terminal.run((command + " --help").split(" ", -1));

        assertThat(code).isZero();
        assertThat(terminal.err()).isEmpty();
        assertThat(terminal.out())
                .contains("Usage: sluice " + command)
                .contains("SLUICE_BOOTSTRAP_SERVERS or KAFKA_BOOTSTRAP_SERVERS")
                .contains("SLUICE_CONFIG");
        assertThat(terminal.out().lines()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void helpListsTheCommands() {
        assertThat(terminal.run("--help")).isZero();
        assertThat(terminal.out())
                .contains(
                        "worker",
                        "submit",
                        "ask",
                        "dlq",
                        "status",
                        "workers",
                        "console",
                        "topics",
                        "sandbox",
                        "completion");
    }

    @Test
    void defaultsAreShownWhateverTheEnvironmentSets() {
        terminal.env("SLUICE_MAX_IN_FLIGHT", "3").run("worker", "--help");

        assertThat(terminal.out()).contains("Default: 512");
    }

    @Test
    void versionIsShown() {
        assertThat(terminal.run("--version")).isZero();
        assertThat(terminal.out()).startsWith("sluice ");
    }

    @Test
    void withoutACommandAllCommandsAreListed() {
        assertThat(terminal.run()).isEqualTo(2);
        assertThat(terminal.err())
                .contains("say what to do: one of worker, gateway, submit, ask, cancel, dlq, status, workers,"
                        + " console, topics, sandbox, completion");
    }

    @Test
    void aSimilarCommandIsSuggestedForAnUnknownOne() {
        assertThat(terminal.run("wroker")).isEqualTo(2);
        assertThat(terminal.err()).contains("unknown command 'wroker'; did you mean worker?");
    }

    @Test
    void theSandboxCommandPointsToTheLauncher() {
        assertThat(terminal.run("sandbox")).isEqualTo(2);
        assertThat(terminal.err()).contains("start it with scripts/sluice sandbox");
    }

    @Test
    void missingOptionsAndArgumentsAreNamed() {
        assertThat(terminal.run("ask")).isEqualTo(2);
        assertThat(terminal.err()).contains("--model NAME is missing; give it, or set SLUICE_MODEL", "TEXT is missing");
    }

    @Test
    void anOptionWithoutItsValueIsNamed() {
        assertThat(terminal.run("worker", "--max-in-flight")).isEqualTo(2);
        assertThat(terminal.err()).contains("--max-in-flight needs a value: CALLS");
    }
}
