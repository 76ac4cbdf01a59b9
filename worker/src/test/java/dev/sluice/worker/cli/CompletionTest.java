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

/** What a real bash makes of the script, and a real zsh where there is one. */
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
    void zshTakesItToo() throws Exception {
        assumeThereIs("zsh");
        // as a file that is sourced, in a terminal that has not set up its own completion yet
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
    void itIsRegisteredForTheLauncher() throws Exception {
        assertThat(bash("complete -p sluice")).singleElement().asString().endsWith("_complete_sluice sluice");
    }

    @Test
    void commandsAreCompleted() throws Exception {
        assertThat(complete("sluice", "")).contains("worker", "submit", "ask", "status", "topics", "completion");
        assertThat(complete("sluice", "st")).containsExactly("status");
        assertThat(complete("sluice", "topics", "")).containsExactlyInAnyOrder("create", "describe");
    }

    @Test
    void optionsAreCompleted() throws Exception {
        assertThat(complete("sluice", "worker", "--max-i")).containsExactly("--max-in-flight");
        assertThat(complete("sluice", "topics", "create", "--dead")).containsExactly("--dead-retention");
        assertThat(complete("sluice", "status", "--")).contains("--watch", "--json", "--bootstrap-servers", "--help");
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

    /** The last word is the one to complete. */
    private List<String> complete(String... words) throws IOException, InterruptedException {
        String quoted = Stream.of(words).map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        return bash("COMP_WORDS=(" + quoted + "); COMP_CWORD=" + (words.length - 1) + "; COMPREPLY=();"
                + " COMP_LINE='" + String.join(" ", words) + "'; COMP_POINT=${#COMP_LINE};"
                + " _complete_sluice; printf '%s\\n' \"${COMPREPLY[@]}\"");
    }

    /** {@code compopt} is bash's own only while it completes something itself. */
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
