package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {
    private final TestShell shell = new TestShell();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "worker",
                "submit",
                "ask",
                "dlq list",
                "dlq show",
                "dlq replay",
                "status",
                "topics create",
                "topics describe"
            })
    void helpNamesEveryVariableAndFitsAScreen(String command) {
        int code = shell.run((command + " --help").split(" ", -1));

        assertThat(code).isZero();
        assertThat(shell.err()).isEmpty();
        assertThat(shell.out())
                .contains("Usage: sluice " + command)
                .contains("SLUICE_BOOTSTRAP_SERVERS or KAFKA_BOOTSTRAP_SERVERS")
                .contains("SLUICE_CONFIG");
        assertThat(shell.out().lines()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void helpListsTheCommands() {
        assertThat(shell.run("--help")).isZero();
        assertThat(shell.out()).contains("worker", "submit", "ask", "dlq", "status", "topics", "sandbox", "completion");
    }

    @Test
    void defaultsAreShownAsDeclaredWhateverTheEnvironmentSays() {
        shell.env("SLUICE_MAX_IN_FLIGHT", "3").run("worker", "--help");

        assertThat(shell.out()).contains("Default: 256");
    }

    @Test
    void versionIsShown() {
        assertThat(shell.run("--version")).isZero();
        assertThat(shell.out()).startsWith("sluice ");
    }

    @Test
    void withoutACommandTheCommandsAreNamed() {
        assertThat(shell.run()).isEqualTo(2);
        assertThat(shell.err())
                .contains("say what to do: one of worker, submit, ask, dlq, status, topics, sandbox, completion");
    }

    @Test
    void anUnknownCommandIsCorrected() {
        assertThat(shell.run("wroker")).isEqualTo(2);
        assertThat(shell.err()).contains("unknown command 'wroker'; did you mean worker?");
    }

    @Test
    void theSandboxIsElsewhere() {
        assertThat(shell.run("sandbox")).isEqualTo(2);
        assertThat(shell.err()).contains("start it with scripts/sluice sandbox");
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThat(shell.run("ask")).isEqualTo(2);
        assertThat(shell.err()).contains("--model NAME is missing; give it, or set SLUICE_MODEL", "TEXT is missing");
    }

    @Test
    void anOptionWithoutItsValueIsNamed() {
        assertThat(shell.run("worker", "--max-in-flight")).isEqualTo(2);
        assertThat(shell.err()).contains("--max-in-flight needs a value: CALLS");
    }
}
