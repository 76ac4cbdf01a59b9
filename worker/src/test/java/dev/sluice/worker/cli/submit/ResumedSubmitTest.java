package dev.sluice.worker.cli.submit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.testing.InMemoryChatQueue.Submitted;
import dev.sluice.wire.Reason;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests how a resumed submit uses the requests and replies of an earlier run. */
class ResumedSubmitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final TestTerminal terminal = new TestTerminal();
    private final InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "new");
    private final ScriptedPreviousRun previousRun = new ScriptedPreviousRun();

    @TempDir
    private Path folder;

    /** A previous run with given requests and replies. Some of the replies come only after the first poll. */
    private static final class ScriptedPreviousRun implements PreviousRun {
        private final List<Integer> published = new ArrayList<>();
        private final List<Integer> answered = new ArrayList<>();
        private final List<Integer> expired = new ArrayList<>();
        private final List<Integer> answeredLater = new ArrayList<>();
        private final List<Integer> expiredLater = new ArrayList<>();
        private final List<Integer> answeredLast = new ArrayList<>();
        private String text = "earlier";
        private Preparation beforeCatchUp = () -> {};
        private boolean endless;

        private interface Preparation {
            void run() throws IOException;
        }

        @Override
        public void catchUp(Listener listener) throws IOException {
            beforeCatchUp.run();
            long giveUpAt = System.nanoTime() + PATIENCE.toNanos();
            while (endless && listener.shouldContinue()) {
                assertThat(System.nanoTime()).as("asked to continue for ever").isLessThan(giveUpAt);
            }
            report(answered, expired, listener);
            published.forEach(listener::published);
        }

        @Override
        public void poll(Listener listener) throws IOException {
            if (answeredLater.isEmpty() && expiredLater.isEmpty()) {
                report(answeredLast, List.of(), listener);
                answeredLast.clear();
            }
            report(answeredLater, expiredLater, listener);
            answeredLater.clear();
            expiredLater.clear();
        }

        private void report(List<Integer> ok, List<Integer> expired, Listener listener) throws IOException {
            for (int line : ok) {
                listener.replied(line, reply(true));
            }
            for (int line : expired) {
                listener.replied(line, reply(false));
            }
        }

        private ChatReply reply(boolean ok) {
            InMemoryChatQueue earlier = InMemoryChatQueue.answering(request -> "");
            earlier.submit(ChatRequest.builder().model("m").user("Hi").build()).join();
            Submitted submitted = earlier.submitted().get(0);
            return ok ? ChatReplies.ok(submitted, text) : ChatReplies.failed(submitted, Reason.EXPIRED, 0, "too late");
        }

        @Override
        public void close() {}
    }

    @Test
    void aReplyThatCameTooLateForTheEarlierRunIsWrittenWithoutACall() throws Exception {
        previousRun.published.addAll(List.of(1, 2));
        previousRun.answered.addAll(List.of(1, 2));

        assertThat(submit(3)).isZero();

        assertThat(sent()).containsExactly(3);
        assertThat(answers()).containsExactly("line-1 earlier", "line-2 earlier", "line-3 new");
        assertThat(terminal.err()).contains("2 more replies found and 0 requests still in the queue");
    }

    @Test
    void aRequestThatIsStillInTheQueueIsAwaitedInsteadOfSent() throws Exception {
        previousRun.published.addAll(List.of(1, 2));
        previousRun.answered.add(1);
        previousRun.answeredLater.add(2);

        assertThat(submit(3)).isZero();

        assertThat(sent()).containsExactly(3);
        assertThat(answers()).containsExactlyInAnyOrder("line-1 earlier", "line-2 earlier", "line-3 new");
    }

    @Test
    void aRequestThatExpiredInTheEarlierRunIsSentAgain() throws Exception {
        previousRun.published.addAll(List.of(1, 2));
        previousRun.expired.add(1);
        previousRun.expiredLater.add(2);

        assertThat(submit(3)).isZero();

        assertThat(sent()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(answers()).containsExactlyInAnyOrder("line-1 new", "line-2 new", "line-3 new");
    }

    @Test
    void aLineWithTwoRepliesIsWrittenOnce() throws Exception {
        previousRun.published.addAll(List.of(1, 1));
        previousRun.answered.addAll(List.of(1, 1));

        assertThat(submit(1)).isZero();

        assertThat(sent()).isEmpty();
        assertThat(answers()).containsExactly("line-1 earlier");
    }

    @Test
    void orderedRepliesWaitForTheRepliesOfEarlierLines() throws Exception {
        previousRun.published.addAll(List.of(3, 1));
        previousRun.answered.addAll(List.of(3, 1));

        assertThat(submit(4, "--ordered", "--window=3")).isZero();

        assertThat(sent()).containsExactly(2, 4);
        assertThat(answers()).containsExactly("line-1 earlier", "line-2 new", "line-3 earlier", "line-4 new");
    }

    @Test
    void orderedRepliesBeyondTheWindowAreNotCalledAgain() throws Exception {
        previousRun.published.addAll(List.of(1, 2, 3, 4, 5, 6));
        previousRun.answered.addAll(List.of(6, 5, 4));
        previousRun.answeredLater.addAll(List.of(3, 2, 1));

        assertThat(submit(7, "--ordered", "--window=1", "--timeout=20s")).isZero();

        assertThat(sent()).containsExactly(7);
        assertThat(answers())
                .containsExactly(
                        "line-1 earlier",
                        "line-2 earlier",
                        "line-3 earlier",
                        "line-4 earlier",
                        "line-5 earlier",
                        "line-6 earlier",
                        "line-7 new");
    }

    @Test
    void aSecondReplyForABufferedAnswerIsIgnored() throws Exception {
        previousRun.published.addAll(List.of(3, 3, 1));
        previousRun.answered.add(3);
        previousRun.expiredLater.add(3);
        previousRun.answeredLast.add(1);

        assertThat(submit(3, "--ordered", "--timeout=20s")).isZero();

        assertThat(sent()).containsExactly(2);
        assertThat(answers()).containsExactly("line-1 earlier", "line-2 new", "line-3 earlier");
    }

    @Test
    void answersAheadOfTheirTurnAreKeptBesideTheOutput() throws Exception {
        Path beside = Files.createDirectory(folder.resolve("beside"));
        Path output = beside.resolve("out.jsonl");
        previousRun.published.addAll(List.of(1, 2));
        previousRun.beforeCatchUp = () -> {
            Files.delete(output);
            Files.delete(beside);
        };
        previousRun.answered.add(2);
        previousRun.text = "x".repeat(17 << 20);

        assertThat(submit(2, "--ordered", "--timeout=20s", "--output=" + output))
                .isEqualTo(1);

        assertThat(terminal.err()).contains("could not be kept in a temporary file in " + beside + ": ");
    }

    @Test
    void theTimeoutAlsoBoundsTheSearchForTheEarlierRun() throws Exception {
        previousRun.endless = true;

        assertThat(submit(1, "--timeout=50ms")).isEqualTo(1);

        assertThat(sent()).isEmpty();
        assertThat(terminal.err()).contains("timed out (--timeout)", "1 without an answer", "--resume continues");
    }

    @Test
    void aQueueThatCannotBeReadToItsEndStopsTheCommand() {
        previousRun.beforeCatchUp = () -> {
            throw new PreviousRun.StalledException(
                    List.of(new TopicPartition("chat.requests", 0)), Duration.ofMillis(300));
        };

        assertThatThrownBy(() -> submit(1))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("could not read [chat.requests-0] to the end for 300ms")
                .hasMessageContaining("the broker does not answer, or a transaction stays open there");
        assertThat(sent()).isEmpty();
    }

    @Test
    void aMissingRightStopsTheCommandWithItsName() {
        previousRun.beforeCatchUp = () -> {
            throw new PreviousRun.DeniedException(
                    List.of("chat.requests", "chat.replies"), new TopicAuthorizationException(Set.of("chat.requests")));
        };

        assertThatThrownBy(() -> submit(1))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("the earlier run has left in chat.requests and chat.replies. Kafka does not")
                .hasMessageContaining("Read on topic chat.requests");
        assertThat(sent()).isEmpty();
    }

    private int submit(int lines, String... options) throws Exception {
        StringBuilder batch = new StringBuilder();
        for (int line = 1; line <= lines; line++) {
            batch.append("{\"custom_id\":\"line-" + line
                    + "\",\"body\":{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}\n");
        }
        List<String> args = new ArrayList<>(List.of("submit"));
        args.add(Files.writeString(folder.resolve("in.jsonl"), batch).toString());
        args.addAll(List.of(options));
        ParsedCommand parsed = ParsedCommand.of(terminal, args.toArray(String[]::new));
        assertThat(parsed.problems()).isEmpty();
        return ((SubmitCommand) parsed.command()).submit(queue, previousRun);
    }

    private List<Integer> sent() {
        return queue.requests().stream()
                .map(request -> request.id().orElseThrow())
                .map(id -> Integer.valueOf(id.substring(id.lastIndexOf('-') + 1)))
                .toList();
    }

    private List<String> answers() {
        return terminal.out()
                .lines()
                .map(line -> line.replaceAll(".*\"custom_id\":\"([^\"]+)\".*\"content\":\"(\\w+)\".*", "$1 $2"))
                .toList();
    }
}
