package dev.sluice.worker.cli.submit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code submit} with real pipes in place of files, as {@code <(zcat FILE.gz)} and {@code >(gzip)} make them. */
@Timeout(60)
class SubmitStreamsTest {
    private static final int LINES = 5_000;

    private final TestTerminal terminal = new TestTerminal();
    private final InMemoryChatQueue queue =
            InMemoryChatQueue.replying(submitted -> submitted.request().model().equals("bad")
                    ? ChatReplies.failed(submitted, Reason.REJECTED, 404, "no such model")
                    : ChatReplies.ok(submitted, "Hello!"));

    @TempDir
    private Path folder;

    @Test
    void aPipeOfRequestsLosesNothing() throws Exception {
        Path pipe = pipe("requests");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < LINES; i++) {
            lines.append(line("id-" + i, "m"));
        }
        CompletableFuture<Void> written =
                CompletableFuture.runAsync(() -> write(pipe, lines.toString()), SubmitStreamsTest::start);

        assertThat(submit(pipe.toString())).isZero();

        written.join();
        assertThat(queue.requests()).hasSize(LINES);
        assertThat(terminal.out().lines()).hasSize(LINES);
    }

    @Test
    void answersAndErrorsMayGoToPipes() throws Exception {
        Path answers = pipe("answers");
        Path errors = pipe("errors");
        CompletableFuture<String> answered =
                CompletableFuture.supplyAsync(() -> read(answers), SubmitStreamsTest::start);
        CompletableFuture<String> failed = CompletableFuture.supplyAsync(() -> read(errors), SubmitStreamsTest::start);
        Path input = Files.writeString(folder.resolve("in.jsonl"), line("a", "m") + line("b", "bad"));

        assertThat(submit(input.toString(), "--output=" + answers, "--errors=" + errors, "--ordered"))
                .isEqualTo(1);

        assertThat(answered.join().lines()).singleElement().asString().contains("\"custom_id\":\"a\"");
        assertThat(failed.join().lines()).singleElement().asString().contains("\"custom_id\":\"b\"");
    }

    @Test
    void anOutputThatCannotBeReadAgainCannotBeResumed() throws Exception {
        Path answers = pipe("answers");
        Path input = Files.writeString(folder.resolve("in.jsonl"), line("a", "m"));

        assertThat(ParsedCommand.of(terminal, "submit", input.toString(), "--output=" + answers, "--resume")
                        .problems())
                .containsExactly("--resume needs the --output of the earlier run, and " + answers
                        + " is no file that can be read again");
    }

    @Test
    void aFolderIsNoBatch() throws Exception {
        assertThat(ParsedCommand.of(terminal, "submit", folder.toString()).problems())
                .containsExactly("cannot read " + folder + ": it is a folder");
    }

    private int submit(String... args) throws InterruptedException {
        String[] all = new String[args.length + 1];
        all[0] = "submit";
        System.arraycopy(args, 0, all, 1, args.length);
        ParsedCommand parsed = ParsedCommand.of(terminal, all);
        assertThat(parsed.problems()).isEmpty();
        return ((SubmitCommand) parsed.command()).submit(queue, PreviousRun.NONE);
    }

    private Path pipe(String name) throws IOException, InterruptedException {
        Path pipe = folder.resolve(name);
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    private static void write(Path pipe, String text) {
        try {
            Files.writeString(pipe, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path pipe) {
        try {
            return Files.readString(pipe);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a thread for each task. On two cores the common pool of JDK 25 runs one at a time, and each blocks. */
    private static void start(Runnable task) {
        Thread thread = new Thread(task, "pipe");
        thread.setDaemon(true);
        thread.start();
    }

    private static String line(String customId, String model) {
        return "{\"custom_id\":\"" + customId + "\",\"body\":{\"model\":\"" + model
                + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}\n";
    }
}
