package dev.sluice.worker.cli.ask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueueException;
import dev.sluice.ChatRequest;
import dev.sluice.Priority;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.cli.connection.SilenceNotice;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AskCommandTest {
    private final TestTerminal terminal = new TestTerminal();

    @Test
    void printsTheAnswer() throws Exception {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "42");

        int code = ask(queue, "ask", "--model=m", "--system=Be brief", "--max-tokens=9", "--temperature=0.5", "6 * 7?");

        assertThat(code).isZero();
        assertThat(terminal.out()).isEqualToIgnoringNewLines("42");
        assertThat(new String(queue.requests().get(0).body(), StandardCharsets.UTF_8))
                .contains("\"model\":\"m\"", "Be brief", "6 * 7?", "\"max_tokens\":9", "\"temperature\":0.5");
    }

    @Test
    void asksExpressIfToldTo() throws Exception {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "42");

        ask(queue, "ask", "--model=m", "--express", "?");
        ask(queue, "ask", "--model=m", "?");

        assertThat(queue.requests())
                .extracting(ChatRequest::priority)
                .containsExactly(Priority.EXPRESS, Priority.NORMAL);
    }

    @Test
    void printsTheUnchangedBody() throws Exception {
        String body = "{ \"choices\" : [] }";
        InMemoryChatQueue queue =
                InMemoryChatQueue.replying(sent -> ChatReplies.ok(sent, body.getBytes(StandardCharsets.UTF_8)));

        ask(queue, "ask", "--model=m", "--json", "?");

        assertThat(terminal.out()).isEqualToIgnoringNewLines(body);
    }

    @Test
    void printsTheAnswerAsItComes() throws Exception {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "an answer of several pieces");

        int code = ask(queue, "ask", "--model=m", "--stream", "?");

        assertThat(code).isZero();
        assertThat(terminal.out()).isEqualToNormalizingNewlines("an answer of several pieces\n");
        assertThat(new String(queue.requests().get(0).body(), StandardCharsets.UTF_8))
                .contains("\"stream\":true");
    }

    @Test
    void aStreamThatFailsEndsAsAnAnswerThatFails() throws Exception {
        InMemoryChatQueue queue =
                InMemoryChatQueue.replying(sent -> ChatReplies.failed(sent, Reason.REJECTED, 404, "no such model"));

        assertThat(ask(queue, "ask", "--model=m", "--stream", "?")).isEqualTo(1);
        assertThat(terminal.out()).isEmpty();
        assertThat(terminal.err()).contains("failed: rejected (HTTP 404): no such model");
    }

    @Test
    void aStreamAndABodyAreNotPrintedTogether() throws Exception {
        assertThat(ParsedCommand.of(terminal, "ask", "--model=m", "--stream", "--json", "?")
                        .problems())
                .singleElement()
                .asString()
                .startsWith("--stream and --json exclude each other");
    }

    @Test
    void aFailedReplyIsReportedOnStandardError() throws Exception {
        InMemoryChatQueue queue =
                InMemoryChatQueue.replying(sent -> ChatReplies.failed(sent, Reason.REJECTED, 404, "no such model"));

        assertThat(ask(queue, "ask", "--model=m", "?")).isEqualTo(1);
        assertThat(terminal.out()).isEmpty();
        assertThat(terminal.err()).contains("failed: rejected (HTTP 404): no such model");
    }

    @Test
    void aRequestThatCannotBeSentIsReportedOnStandardError() throws Exception {
        InMemoryChatQueue queue =
                InMemoryChatQueue.answering(request -> "").failWith(new ChatQueueException("broker is gone"));

        assertThat(ask(queue, "ask", "--model=m", "?")).isEqualTo(1);
        assertThat(terminal.err()).contains("sluice ask: broker is gone").doesNotContain("Exception");
    }

    @Test
    void aRequestWithoutAnAnswerInTimeIsReportedWithItsId() throws Exception {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "").holdReplies();
        CompletableFuture<Integer> code = CompletableFuture.supplyAsync(() -> {
            try {
                return ask(queue, "ask", "--model=m", "--timeout=30s", "?");
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> queue.waiting() == 1);

        queue.timeOut();

        assertThat(code.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(terminal.err())
                .contains("no answer to request " + queue.requests().get(0).id().orElseThrow() + " within 30s")
                .doesNotContain("PT30S", "Exception");
    }

    @Test
    void theModelCanComeFromTheEnvironment() throws Exception {
        terminal.env("SLUICE_MODEL", "m2");
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "");

        ask(queue, "ask", "?");

        assertThat(queue.requests().get(0).model()).isEqualTo("m2");
    }

    @Test
    void valuesThatTheApiWouldRejectAreProblems() throws Exception {
        assertThat(ParsedCommand.of(terminal, "ask", "--model=m", "--temperature=9", "--max-tokens=0", "?")
                        .problems())
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem).contains("temperature"))
                .anySatisfy(problem -> assertThat(problem).contains("--max-tokens"));
    }

    @Test
    void theQuestionCarriesWhatTheTopicTakes() throws Exception {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "");
        Instant before = Instant.now();

        ask(
                queue,
                "ask",
                "--model=m",
                "--tenant=acme",
                "--not-before=2m",
                "--cache-for=10m",
                "--header=ticket=4711",
                "--header=a=b=c",
                "?");

        ChatRequest sent = queue.requests().get(0);
        assertThat(sent.tenant()).contains("acme");
        assertThat(sent.notBefore().orElseThrow())
                .isBetween(
                        before.plusSeconds(120).truncatedTo(ChronoUnit.MILLIS),
                        Instant.now().plusSeconds(120));
        assertThat(sent.cacheFor()).contains(Duration.ofMinutes(10));
        assertThat(sent.headers().get("ticket"))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("4711");
        assertThat(sent.headers().get("a")).asString(StandardCharsets.UTF_8).isEqualTo("b=c");
    }

    @Test
    void whatTheTopicDoesNotTakeIsAProblemOfItsOption() throws Exception {
        assertThat(ParsedCommand.of(
                                terminal,
                                "ask",
                                "--model=m",
                                "--tenant=" + "x".repeat(257),
                                "--not-before=6m",
                                "--cache-for=0s",
                                "--header=sluice-id=x",
                                "?")
                        .problems())
                .hasSize(4)
                .anySatisfy(problem -> assertThat(problem).startsWith("--tenant: must be 1 to 256 bytes"))
                .anySatisfy(problem -> assertThat(problem).startsWith("--not-before: must be within --timeout (5m)"))
                .anySatisfy(problem -> assertThat(problem).startsWith("--cache-for: must be more than zero"))
                .anySatisfy(problem -> assertThat(problem).startsWith("--header: names beginning with sluice-"));
        assertThat(ParsedCommand.of(terminal, "ask", "--model=m", "--not-before=soon", "?")
                        .problems())
                .singleElement()
                .asString()
                .contains("'soon' is no moment; write 2026-01-31T08:00:00Z, or how long from now it is");
        assertThat(ParsedCommand.of(terminal, "ask", "--model=m", "--header=ticket", "?")
                        .problems())
                .singleElement()
                .asString()
                .contains("--header", "NAME=VALUE");
    }

    @Test
    void aQuestionInSeveralWordsNeedsQuotesAndAModelAName() throws Exception {
        assertThat(ParsedCommand.of(terminal, "ask", "--model=m", "two", "words")
                        .problems())
                .containsExactly("unexpected argument 'words'; a text with spaces needs quotes");
        assertThat(ParsedCommand.of(terminal, "ask", "--model= ", "?").problems())
                .containsExactly("--model: must be the name of a model, is ' '");
    }

    private int ask(InMemoryChatQueue queue, String... args) throws InterruptedException {
        ParsedCommand parsed = ParsedCommand.of(terminal, args);
        assertThat(parsed.problems()).isEmpty();
        return ((AskCommand) parsed.command())
                .ask(queue, new SilenceNotice(terminal.terminal().err()::println, System::nanoTime, () -> {
                    throw new IllegalStateException("asked although there is an answer");
                }));
    }
}
