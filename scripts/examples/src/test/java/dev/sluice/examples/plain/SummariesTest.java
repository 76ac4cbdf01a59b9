package dev.sluice.examples.plain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueueException;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Shows how to test a service that uses the queue: without Kafka, and with every kind of failure. */
class SummariesTest {
    private static final Duration DEADLINE = Duration.ofMinutes(1);

    @Test
    void ordersByIdWithoutWaiting() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "unused");

        String id = new Summaries(queue, "m").order("report-1", "a text").join().id();

        assertThat(id).isEqualTo("report-1");
        assertThat(queue.requests().get(0).tenant()).contains("reports");
    }

    @Test
    void answersACallerWhoWaits() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "short");

        assertThat(new Summaries(queue, "m").now("a text", DEADLINE)).isEqualTo("short");
    }

    @Test
    void suggestsAReplayIfItCanHelp() {
        InMemoryChatQueue exhausted =
                InMemoryChatQueue.replying(asked -> ChatReplies.failed(asked, Reason.ATTEMPTS_EXHAUSTED, 500, "no"));
        InMemoryChatQueue rejecting =
                InMemoryChatQueue.replying(asked -> ChatReplies.failed(asked, Reason.REJECTED, 400, "no"));

        assertThat(new Summaries(exhausted, "m").now("a text", DEADLINE))
                .isEqualTo("failed: attempts_exhausted, try: scripts/sluice dlq replay --id id-0");
        assertThat(new Summaries(rejecting, "m").now("a text", DEADLINE)).isEqualTo("failed: rejected");
    }

    @Test
    void explainsATimeoutAndAnUnreachableKafka() {
        InMemoryChatQueue slow = InMemoryChatQueue.answering(request -> "never").holdReplies();
        InMemoryChatQueue unreachable = InMemoryChatQueue.answering(request -> "never")
                .failWith(new ChatQueueException("no answer from Kafka"));

        CompletableFuture<String> late =
                CompletableFuture.supplyAsync(() -> new Summaries(slow, "m").now("a text", DEADLINE));
        await().until(() -> slow.waiting() == 1);
        slow.timeOut();

        assertThat(late.join()).isEqualTo("not yet: request id-0 has expired, ask again");
        assertThat(new Summaries(unreachable, "m").now("a text", DEADLINE))
                .isEqualTo("not published: no answer from Kafka");
    }
}
