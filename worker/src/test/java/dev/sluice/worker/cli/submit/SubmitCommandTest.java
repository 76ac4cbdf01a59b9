package dev.sluice.worker.cli.submit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ChatQueueException;
import dev.sluice.ChatRequest;
import dev.sluice.Priority;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.batch.ResumePoint;
import dev.sluice.worker.cli.LineCollector;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubmitCommandTest {
    private final TestTerminal terminal = new TestTerminal();
    private final InMemoryChatQueue queue =
            InMemoryChatQueue.replying(submitted -> submitted.request().model().equals("bad")
                    ? ChatReplies.failed(submitted, Reason.REJECTED, 404, "no such model")
                    : ChatReplies.ok(submitted, "{\n\"choices\": [],\r\n\"x\":1.50}".getBytes(StandardCharsets.UTF_8)));

    @TempDir
    private Path folder;

    @Test
    void everyLineHasAnAnswerOnItsOwnLine() throws Exception {
        int code = submit(batch(line("a", "m") + line("b", "m")));

        assertThat(code).isZero();
        assertThat(terminal.out().lines())
                .hasSize(2)
                .first()
                .asString()
                .matches("\\{\"id\":\"batch-[0-9a-f]{16}-[0-9a-f]{8}-1\",\"custom_id\":\"a\","
                        + "\"response\":\\{\"status_code\":200,"
                        + "\"body\":\\{ \"choices\": \\[\\],  \"x\":1.50\\}\\},\"error\":null\\}");
        assertThat(terminal.err()).contains("2 requests: 2 answered, 0 failed, 0 without an answer");
    }

    @Test
    void everyRequestCarriesWhatTheOptionsSay() throws Exception {
        submit(batch(line("a", "m") + line("b", "m")), "--tenant=acme", "--header=job=nightly", "--not-before=1h");

        assertThat(queue.requests()).hasSize(2).allSatisfy(sent -> {
            assertThat(sent.tenant()).contains("acme");
            assertThat(sent.headers()).containsKey("job");
            assertThat(sent.notBefore()).isPresent();
        });
    }

    @Test
    void everyRequestIsExpressIfAskedFor() throws Exception {
        submit(batch(line("a", "m") + line("b", "m")), "--express");
        submit(batch(line("c", "m")));

        assertThat(queue.requests())
                .extracting(ChatRequest::priority)
                .containsExactly(Priority.EXPRESS, Priority.EXPRESS, Priority.NORMAL);
    }

    @Test
    void aFailedLineIsWrittenWithItsReasonAndMakesTheExitCodeOne() throws Exception {
        int code = submit(batch(line("a", "bad") + line("b", "m")));

        assertThat(code).isEqualTo(1);
        assertThat(terminal.out())
                .contains("\"custom_id\":\"a\",\"response\":{\"status_code\":404,\"body\":{\"error\":")
                .contains("\"error\":{\"code\":\"rejected\",\"message\":\"no such model\"}");
        assertThat(terminal.err()).contains("1 answered, 1 failed");
    }

    @Test
    void itStopsWhenStandardOutputIsClosed() throws Exception {
        LineCollector head = new LineCollector(1);
        String lines = line("a", "m") + line("b", "m") + line("c", "m");

        int code = submit(
                batch(lines), terminal.terminal(new PrintStream(head, true, StandardCharsets.UTF_8)), "--window=1");

        assertThat(code).isEqualTo(1);
        assertThat(head.read().lines()).singleElement().asString().contains("\"custom_id\":\"a\"");
        assertThat(queue.requests()).hasSize(2);
        assertThat(terminal.err())
                .contains(
                        "could not be written: standard output is closed", "1 answered, 0 failed, 2 without an answer")
                .doesNotContain("Exception");
    }

    @Test
    void anOutputThatAnotherSubmitWritesIsNotTouched() throws Exception {
        Path output = folder.resolve("out.jsonl");
        ParsedCommand parsed = ParsedCommand.of(
                terminal.terminal(), "submit", batch(line("a", "m")).toString(), "--output=" + output);
        Files.writeString(output, "written since\n");

        assertThatThrownBy(() -> ((SubmitCommand) parsed.command()).submit(queue, PreviousRun.NONE))
                .isInstanceOf(CommandException.class)
                .hasMessage("another 'sluice submit' is writing " + output + "; let it end, then --resume");
        assertThat(output).hasContent("written since");
        assertThat(queue.requests()).isEmpty();
    }

    @Test
    void aBatchCanComeFromStandardInput() throws Exception {
        terminal.in(line("a", "m"));

        assertThat(submit(Path.of("-"))).isZero();
        assertThat(queue.requests()).hasSize(1);
    }

    @Test
    void resumeSendsOnlyUnansweredLinesAndRemovesATornLine() throws Exception {
        Path output = folder.resolve("out.jsonl");
        Path input = batch(line("a", "m") + line("b", "bad") + line("c", "m"));
        submit(batch(line("a", "m") + line("b", "bad")), "--output=" + output);
        Files.writeString(output, "{\"id\":\"torn", StandardOpenOption.APPEND);
        Files.writeString(input, line("a", "m") + line("b", "bad") + line("c", "m"));

        int code = submit(input, "--output=" + output, "--resume");

        assertThat(queue.requests()).hasSize(3);
        assertThat(Files.readAllLines(output)).hasSize(3).last().asString().contains("\"custom_id\":\"c\"");
        assertThat(code).isEqualTo(1);
        assertThat(terminal.err()).contains("3 requests: 2 answered, 1 failed, 0 without an answer");
    }

    @Test
    void anOutputFileIsNeverOverwritten() throws Exception {
        Path output = Files.writeString(folder.resolve("out.jsonl"), "{\"custom_id\":\"a\",\"error\":null}\n");

        assertThat(problems("submit", batch(line("a", "m")).toString(), "--output=" + output))
                .isEqualTo("--output: " + output + " exists; continue it with --resume, or remove it");
    }

    @Test
    void failedLinesGoToTheErrorFileAndCountWhenResumed() throws Exception {
        Path output = folder.resolve("out.jsonl");
        Path errors = folder.resolve("errors.jsonl");
        Path input = batch(line("a", "bad") + line("b", "m"));

        int code = submit(input, "--output=" + output, "--errors=" + errors);
        int again = submit(input, "--output=" + output, "--errors=" + errors, "--resume");

        assertThat(code).isEqualTo(1);
        assertThat(again).isEqualTo(1);
        assertThat(Files.readString(output)).contains("\"custom_id\":\"b\"").doesNotContain("\"a\"");
        assertThat(Files.readAllLines(errors)).singleElement().asString().contains("\"code\":\"rejected\"");
        assertThat(queue.requests()).hasSize(2);
    }

    @Test
    void badLinesAreReportedAndSkippedOnRequest() throws Exception {
        Path input = batch(line("a", "m") + "nonsense\n" + line("a", "m") + line("b", "m"));

        assertThat(problems("submit", input.toString())).contains("line 2: is no JSON", "line 3: custom_id \"a\"");
        assertThat(submit(input, "--skip-invalid")).isZero();
        assertThat(queue.requests()).hasSize(2);
        assertThat(terminal.err())
                .contains("skipped: ", "line 2: is no JSON", "2 requests: 2 answered", "2 bad lines skipped");
    }

    @Test
    void anUnorderedOutputIsNotContinuedInOrder() throws Exception {
        Path output = Files.writeString(folder.resolve("out.jsonl"), "{\"custom_id\":\"b\",\"error\":null}\n");

        assertThat(problems(
                        "submit",
                        batch(line("a", "m") + line("b", "m")).toString(),
                        "--output=" + output,
                        "--resume",
                        "--ordered"))
                .contains("not written in the order of the batch; go on without --ordered");
    }

    @Test
    void theSameFileForAnswersAndErrorsIsRefused() throws Exception {
        Path output = folder.resolve("out.jsonl");

        assertThat(problems("submit", batch(line("a", "m")).toString(), "--output=" + output, "--errors=" + output))
                .contains("--errors and --output are the same file");
    }

    @Test
    void whatFailedIsRunAgainAndWhatWasAnsweredStays() throws Exception {
        Path output = folder.resolve("out.jsonl");
        Path errors = folder.resolve("errors.jsonl");
        Path input = batch(line("a", "bad") + line("b", "m") + line("c", "bad"));
        submit(input, "--output=" + output, "--errors=" + errors);
        String answered = Files.readString(output);

        int again = submit(input, "--output=" + output, "--errors=" + errors, "--retry-failed");

        assertThat(again).isEqualTo(1);
        assertThat(queue.requests()).hasSize(5);
        assertThat(output).hasContent(answered);
        assertThat(Files.readAllLines(errors)).hasSize(2);
        assertThat(terminal.err()).contains("3 requests: 1 answered, 2 failed, 0 without an answer");
        assertThat(folder).isDirectoryNotContaining(path -> path.toString().endsWith(".tmp"));
    }

    @Test
    void aLineThatIsAnsweredTheSecondTimeHasThatAnswerAlone() throws Exception {
        String failed = "{\"id\":\"1\",\"custom_id\":\"a\",\"response\":null,\"error\":{\"code\":\"rejected\"}}\n";
        String ok = "{\"id\":\"2\",\"custom_id\":\"b\",\"response\":{},\"error\":null}\n";
        Path real = Files.writeString(folder.resolve("real.jsonl"), failed + ok + failed + "{\"id\":\"torn");
        Path output = Files.createSymbolicLink(folder.resolve("out.jsonl"), real);

        int code = submit(batch(line("a", "m") + line("b", "m")), "--output=" + output, "--retry-failed");

        assertThat(code).isZero();
        assertThat(queue.requests()).hasSize(1);
        assertThat(Files.readString(real))
                .startsWith(ok)
                .contains("\"custom_id\":\"a\"")
                .doesNotContain("rejected", "torn");
        assertThat(Files.readAllLines(real)).hasSize(2);
    }

    @Test
    void aRetryNeedsAnEarlierRunThatHasEnded() throws Exception {
        Path input = batch(line("a", "m"));
        Path output = folder.resolve("out.jsonl");

        assertThat(problems("submit", input.toString(), "--retry-failed"))
                .isEqualTo("--retry-failed needs the --output of the earlier run");
        assertThat(problems("submit", input.toString(), "--output=" + output, "--retry-failed", "--resume"))
                .contains("let the earlier run end with --resume first");
        ResumePoint.TopicEnd end = new ResumePoint.TopicEnd("t", "id", List.of(1L));
        new ResumePoint("run", null, end, end, List.of()).write(output);
        assertThat(problems("submit", input.toString(), "--output=" + output, "--retry-failed"))
                .contains("of an earlier run that was cut");
    }

    @Test
    void anUnfinishedEarlierRunHasToBeResumedWithItsErrorFile() throws Exception {
        Path output = folder.resolve("out.jsonl");
        Path errors = folder.resolve("errors.jsonl");
        ResumePoint.TopicEnd end = new ResumePoint.TopicEnd("t", "id", List.of(1L, 2L));
        new ResumePoint("run", errors.toString(), end, end, List.of()).write(output);
        String input = batch(line("a", "m")).toString();

        assertThat(problems("submit", input, "--output=" + output))
                .contains("out.jsonl.resume is of an earlier run that was cut; continue it with --resume");
        assertThat(problems("submit", input, "--output=" + output, "--resume")).contains("add --errors " + errors);
        assertThat(problems("submit", input, "--output=" + output, "--resume", "--errors=" + errors))
                .isEmpty();
    }

    @Test
    void anOutputInAMissingFolderIsRefused() throws Exception {
        Path output = folder.resolve("missing").resolve("out.jsonl");

        assertThat(problems("submit", batch(line("a", "m")).toString(), "--output=" + output))
                .isEqualTo("--output: cannot write " + output + ": there is no such folder");
    }

    @Test
    void resumingWithAForeignFileIsRefused() throws Exception {
        Path output = Files.writeString(folder.resolve("out.jsonl"), "my diary\n");

        assertThat(problems("submit", batch(line("a", "m")).toString(), "--output=" + output, "--resume"))
                .contains("line 1 is no answer that sluice has written");
        assertThat(output).hasContent("my diary");
    }

    @Test
    void linesWithoutAnAnswerInTimeAreCountedAndNotWritten() throws Exception {
        queue.holdReplies();

        int code = submit(batch(line("a", "m")), "--timeout=50ms");

        assertThat(code).isEqualTo(1);
        assertThat(terminal.out()).isEmpty();
        assertThat(terminal.err()).contains("timed out (--timeout)", "1 without an answer", "--resume continues");
    }

    @Test
    void aFailureToSendEndsTheCommandWithTheReason() throws Exception {
        queue.failWith(new ChatQueueException("topic chat.requests is gone"));

        assertThat(submit(batch(line("a", "m") + line("b", "m")))).isEqualTo(1);
        assertThat(terminal.err()).contains("topic chat.requests is gone", "2 without an answer");
    }

    @Test
    void theWindowBoundsTheRequestsUnderWay() throws Exception {
        queue.holdReplies();

        submit(batch(line("a", "m") + line("b", "m") + line("c", "m")), "--window=2", "--timeout=100ms");

        assertThat(queue.waiting()).isEqualTo(2);
    }

    private int submit(Path input, String... options) throws InterruptedException {
        return submit(input, terminal.terminal(), options);
    }

    private int submit(Path input, Terminal with, String... options) throws InterruptedException {
        String[] args = new String[options.length + 2];
        args[0] = "submit";
        args[1] = input.toString();
        System.arraycopy(options, 0, args, 2, options.length);
        ParsedCommand parsed = ParsedCommand.of(with, args);
        assertThat(parsed.problems()).isEmpty();
        return ((SubmitCommand) parsed.command()).submit(queue, PreviousRun.NONE);
    }

    private String problems(String... args) throws InterruptedException {
        return String.join("\n", ParsedCommand.of(terminal, args).problems());
    }

    private Path batch(String lines) throws IOException {
        return Files.writeString(folder.resolve("in.jsonl"), lines);
    }

    private static String line(String customId, String model) {
        return "{\"custom_id\":\"" + customId + "\",\"body\":{\"model\":\"" + model
                + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}\n";
    }
}
