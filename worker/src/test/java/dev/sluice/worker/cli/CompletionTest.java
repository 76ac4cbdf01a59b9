package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the completion script in a real bash, and in a real zsh if there is one. */
class CompletionTest {
    @TempDir
    private Path folder;

    private Path script;

    @BeforeEach
    void printScript() throws IOException {
        assumeThereIs("bash");
        TestTerminal terminal = new TestTerminal();
        assertThat(terminal.run("completion")).isZero();
        script = Files.writeString(folder.resolve("completion.sh"), terminal.out());
    }

    private static void assumeThereIs(String program) {
        assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, program))))
                .as("there is a " + program)
                .isTrue();
    }

    @Test
    void zshAcceptsTheScript() throws Exception {
        assumeThereIs("zsh");
        // The file is sourced in a shell that has not set up its own completion yet.
        assertThat(output(
                        "zsh",
                        "-f",
                        "-c",
                        "ZDOTDIR='" + folder + "'; . '" + script + "'; print -r -- ${_comps[sluice]}"))
                .singleElement()
                .asString()
                .contains("_complete_sluice");
    }

    @Test
    void theScriptRegistersTheLauncher() throws Exception {
        assertThat(bash("complete -p sluice")).singleElement().asString().endsWith("_complete_sluice sluice");
    }

    @Test
    void commandsAreCompleted() throws Exception {
        assertThat(complete("sluice", "")).contains("worker", "submit", "ask", "status", "topics", "completion");
        assertThat(complete("sluice", "st")).containsExactly("status");
        assertThat(complete("sluice", "work")).containsExactlyInAnyOrder("worker", "workers");
        assertThat(complete("sluice", "topics", "")).containsExactlyInAnyOrder("create", "describe");
        assertThat(complete("sluice", "gateway", "key", "")).containsExactlyInAnyOrder("add", "remove");
    }

    @Test
    void optionsAreCompleted() throws Exception {
        assertThat(complete("sluice", "worker", "--max-i")).containsExactly("--max-in-flight");
        assertThat(complete("sluice", "topics", "create", "--dead")).containsExactly("--dead-retention");
        assertThat(complete("sluice", "status", "--"))
                .contains("--watch", "--request", "--json", "--bootstrap-servers", "--help");
        assertThat(complete("sluice", "workers", "--")).contains("--watch", "--json", "--lanes");
    }

    @Test
    void filesAreCompleted() throws Exception {
        Path file = Files.writeString(folder.resolve("prompts.jsonl"), "");

        assertThat(complete(
                        "sluice",
                        "worker",
                        "--kafka-config",
                        folder.resolve("prompts").toString()))
                .containsExactly(file.toString());
    }

    /** Returns the completions of the last word. */
    private List<String> complete(String... words) throws IOException, InterruptedException {
        String quoted = Stream.of(words).map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        return bash("COMP_WORDS=(" + quoted + "); COMP_CWORD=" + (words.length - 1) + "; COMPREPLY=();"
                + " COMP_LINE='" + String.join(" ", words) + "'; COMP_POINT=${#COMP_LINE};"
                + " _complete_sluice; printf '%s\\n' \"${COMPREPLY[@]}\"");
    }

    /**
     * Runs a command in bash. {@code compopt} is replaced, because it only works while bash itself completes a word.
     */
    private List<String> bash(String command) throws IOException, InterruptedException {
        return output("bash", "--norc", "-c", "compopt() { :; }; set -e; . '" + script + "'; set +e; " + command);
    }

    private static List<String> output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.lines().map(String::strip).toList();
    }
}
