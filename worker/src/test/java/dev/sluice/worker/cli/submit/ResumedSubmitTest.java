package dev.sluice.worker.cli.submit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.testing.InMemoryChatQueue.Submitted;
import dev.sluice.wire.Reason;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a resumed submit makes of that which the earlier run has left in the queue. */
class ResumedSubmitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final TestTerminal terminal = new TestTerminal();
    private final InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "new");
    private final Left left = new Left();

    @TempDir
    private Path folder;

    /** An earlier run that has published some lines, some of which have ended, or do as soon as they are waited for. */
    private static final class Left implements PreviousRun {
        private final List<Integer> published = new ArrayList<>();
        private final List<Integer> answered = new ArrayList<>();
        private final List<Integer> expired = new ArrayList<>();
        private final List<Integer> answeredLater = new ArrayList<>();
        private final List<Integer> expiredLater = new ArrayList<>();
        private final List<Integer> answeredLast = new ArrayList<>();
        private String text = "earlier";
        private Before before = () -> {};
        private boolean endless;

        private interface Before {
            void run() throws IOException;
        }

        @Override
        public void catchUp(Findings findings) throws IOException {
            before.run();
            long giveUp = System.nanoTime() + PATIENCE.toNanos();
            while (endless && findings.goOn()) {
                assertThat(System.nanoTime()).as("asked to go on for ever").isLessThan(giveUp);
            }
            tell(answered, expired, findings);
            published.forEach(findings::published);
        }

        @Override
        public void poll(Findings findings) throws IOException {
            if (answeredLater.isEmpty() && expiredLater.isEmpty()) {
                tell(answeredLast, List.of(), findings);
                answeredLast.clear();
            }
            tell(answeredLater, expiredLater, findings);
            answeredLater.clear();
            expiredLater.clear();
        }

        private void tell(List<Integer> ok, List<Integer> expired, Findings findings) throws IOException {
            for (int line : ok) {
                findings.ended(line, reply(true));
            }
            for (int line : expired) {
                findings.ended(line, reply(false));
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
    void aReplyThatTheEarlierRunDidNotSeeIsWrittenWithoutACall() throws Exception {
        left.published.addAll(List.of(1, 2));
        left.answered.addAll(List.of(1, 2));

        assertThat(submit(3)).isZero();

        assertThat(sent()).containsExactly(3);
        assertThat(answers()).containsExactly("line-1 earlier", "line-2 earlier", "line-3 new");
        assertThat(terminal.err()).contains("2 more replies found and 0 requests still in the queue");
    }

    @Test
    void aRequestThatIsStillInTheQueueIsWaitedFor() throws Exception {
        left.published.addAll(List.of(1, 2));
        left.answered.add(1);
        left.answeredLater.add(2);

        assertThat(submit(3)).isZero();

        assertThat(sent()).containsExactly(3);
        assertThat(answers()).containsExactlyInAnyOrder("line-1 earlier", "line-2 earlier", "line-3 new");
    }

    @Test
    void aRequestThatExpiredWithTheEarlierTimeoutIsSentAgain() throws Exception {
        left.published.addAll(List.of(1, 2));
        left.expired.add(1);
        left.expiredLater.add(2);

        assertThat(submit(3)).isZero();

        assertThat(sent()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(answers()).containsExactlyInAnyOrder("line-1 new", "line-2 new", "line-3 new");
    }

    @Test
    void aLineThatHasTwoRepliesIsWrittenOnce() throws Exception {
        left.published.addAll(List.of(1, 1));
        left.answered.addAll(List.of(1, 1));

        assertThat(submit(1)).isZero();

        assertThat(sent()).isEmpty();
        assertThat(answers()).containsExactly("line-1 earlier");
    }

    @Test
    void inOrderRepliesWaitForThoseBefore() throws Exception {
        left.published.addAll(List.of(3, 1));
        left.answered.addAll(List.of(3, 1));

        assertThat(submit(4, "--ordered", "--window=3")).isZero();

        assertThat(sent()).containsExactly(2, 4);
        assertThat(answers()).containsExactly("line-1 earlier", "line-2 new", "line-3 earlier", "line-4 new");
    }

    @Test
    void inOrderWhatIsFartherAheadThanTheWindowIsNotCalledAgain() throws Exception {
        left.published.addAll(List.of(1, 2, 3, 4, 5, 6));
        left.answered.addAll(List.of(6, 5, 4));
        left.answeredLater.addAll(List.of(3, 2, 1));

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
    void anotherEndingOfALineWhoseAnswerIsHeldChangesNothing() throws Exception {
        left.published.addAll(List.of(3, 3, 1));
        left.answered.add(3);
        left.expiredLater.add(3);
        left.answeredLast.add(1);

        assertThat(submit(3, "--ordered", "--timeout=20s")).isZero();

        assertThat(sent()).containsExactly(2);
        assertThat(answers()).containsExactly("line-1 earlier", "line-2 new", "line-3 earlier");
    }

    @Test
    void answersThatAreAheadWaitBesideTheOutput() throws Exception {
        Path beside = Files.createDirectory(folder.resolve("beside"));
        Path output = beside.resolve("out.jsonl");
        left.published.addAll(List.of(1, 2));
        left.before = () -> {
            Files.delete(output);
            Files.delete(beside);
        };
        left.answered.add(2);
        left.text = "x".repeat(17 << 20);

        assertThat(submit(2, "--ordered", "--timeout=20s", "--output=" + output))
                .isEqualTo(1);

        assertThat(terminal.err()).contains("could not be kept in a temporary file in " + beside + ": ");
    }

    @Test
    void theTimeoutBoundsTheLookAtWhatIsLeftToo() throws Exception {
        left.endless = true;

        assertThat(submit(1, "--timeout=50ms")).isEqualTo(1);

        assertThat(sent()).isEmpty();
        assertThat(terminal.err()).contains("timed out (--timeout)", "1 without an answer", "--resume continues");
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
        return ((SubmitCommand) parsed.command()).submit(queue, left);
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
