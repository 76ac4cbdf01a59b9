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

/** How a service that uses the queue is tested: without Kafka, and with every way in which it can fail. */
class SummariesTest {
    private static final Duration DEADLINE = Duration.ofMinutes(1);

    @Test
    void ordersByIdAndGoesOn() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "unused");

        String id = new Summaries(queue, "m").order("report-1", "a text").join().id();

        assertThat(id).isEqualTo("report-1");
        assertThat(queue.requests().get(0).tenant()).contains("reports");
    }

    @Test
    void answersWhoeverWaits() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "short");

        assertThat(new Summaries(queue, "m").now("a text", DEADLINE)).isEqualTo("short");
    }

    @Test
    void namesTheWayToReplayWhereThatCanHelp() {
        InMemoryChatQueue tired =
                InMemoryChatQueue.replying(asked -> ChatReplies.failed(asked, Reason.ATTEMPTS_EXHAUSTED, 500, "no"));
        InMemoryChatQueue refusing =
                InMemoryChatQueue.replying(asked -> ChatReplies.failed(asked, Reason.REJECTED, 400, "no"));

        assertThat(new Summaries(tired, "m").now("a text", DEADLINE))
                .isEqualTo("failed: attempts_exhausted, try: scripts/sluice dlq replay --id id-0");
        assertThat(new Summaries(refusing, "m").now("a text", DEADLINE)).isEqualTo("failed: rejected");
    }

    @Test
    void saysWhenItIsTooLateOrKafkaIsAway() {
        InMemoryChatQueue slow = InMemoryChatQueue.answering(request -> "never").holdReplies();
        InMemoryChatQueue away = InMemoryChatQueue.answering(request -> "never")
                .failWith(new ChatQueueException("no answer from Kafka"));

        CompletableFuture<String> late =
                CompletableFuture.supplyAsync(() -> new Summaries(slow, "m").now("a text", DEADLINE));
        await().until(() -> slow.waiting() == 1);
        slow.timeOut();

        assertThat(late.join()).isEqualTo("not yet: request id-0 has expired, ask again");
        assertThat(new Summaries(away, "m").now("a text", DEADLINE)).isEqualTo("not published: no answer from Kafka");
    }
}
