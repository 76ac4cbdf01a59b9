package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class PendingAsksTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final ManualDeadlineScheduler deadlines = new ManualDeadlineScheduler();
    private final PendingAsks pending = new PendingAsks(42, deadlines);

    @Test
    void matchesEachAskWithItsReplyInAnyOrder() {
        List<PendingAsks.Ask> asks = new ArrayList<>();
        IntStream.range(0, 200).forEach(i -> asks.add(pending.open("id" + i, MINUTE)));
        List<ConsumerRecord<byte[], byte[]>> replies = new ArrayList<>();
        for (int i = 0; i < asks.size(); i++) {
            replies.add(reply("id" + i, asks.get(i).correlation()));
        }
        Collections.shuffle(replies, new Random(1));

        replies.forEach(pending::deliver);

        for (int i = 0; i < asks.size(); i++) {
            assertThat(asks.get(i).future().join().id()).isEqualTo("id" + i);
        }
        assertThat(pending.size()).isZero();
        assertThat(deadlines.size()).isZero();
        assertThat(pending.late()).isZero();
    }

    @Test
    void failsAtTheDeadlineAndDropsALateReply() {
        PendingAsks.Ask ask = pending.open("i", MINUTE);
        ask.accepted().set(true);

        deadlines.advance(MINUTE.minusNanos(1));
        assertThat(ask.future()).isNotDone();
        deadlines.advance(Duration.ofNanos(1));
        pending.deliver(reply("i", ask.correlation()));

        assertThatThrownBy(ask.future()::join)
                .hasCauseInstanceOf(ReplyTimeoutException.class)
                .hasMessageContaining("no reply to request i within PT1M: wait longer, or see in the workers' log");
        assertThat(pending.size()).isZero();
        assertThat(pending.late()).isEqualTo(1);
    }

    @Test
    void tellsAtTheDeadlineIfKafkaNeverAcceptedTheRequest() {
        PendingAsks.Ask ask = pending.open("i", MINUTE);

        deadlines.advance(MINUTE);

        assertThatThrownBy(ask.future()::join)
                .hasCauseInstanceOf(ReplyTimeoutException.class)
                .hasMessageContaining("request i within PT1M: Kafka has not even accepted the request");
    }

    @Test
    void failsWaitingAsksAndAcceptsNewOnes() {
        PendingAsks.Ask before = pending.open("i", MINUTE);

        pending.fail(new ChatQueueException("broken"));
        PendingAsks.Ask after = pending.open("j", MINUTE);

        assertThat(before.future()).isCompletedExceptionally();
        assertThat(after.future()).isNotDone();
    }

    @Test
    void dropsASecondReply() {
        PendingAsks.Ask ask = pending.open("i", MINUTE);

        pending.deliver(reply("i", ask.correlation()));
        pending.deliver(reply("again", ask.correlation()));

        assertThat(ask.future().join().id()).isEqualTo("i");
        assertThat(pending.late()).isEqualTo(1);
    }

    @Test
    void ignoresRepliesToOtherInstances() {
        PendingAsks.Ask mine = pending.open("i", MINUTE);
        PendingAsks.Ask theirs = new PendingAsks(43, deadlines).open("i", MINUTE);

        pending.deliver(reply("i", theirs.correlation()));
        pending.deliver(reply("i", new byte[0]));
        pending.deliver(reply("i", new byte[17]));
        pending.deliver(SampleReplyRecords.ok("chat.replies", 0, 0, "i"));

        assertThat(mine.future()).isNotDone();
        assertThat(pending.late()).isZero();
    }

    @Test
    void removesACancelledAsk() {
        PendingAsks.Ask ask = pending.open("i", MINUTE);

        ask.future().cancel(false);

        assertThat(pending.size()).isZero();
        assertThat(deadlines.size()).isZero();
    }

    @Test
    void failsPresentAndFutureAsksAfterShutDown() {
        PendingAsks.Ask before = pending.open("i", MINUTE);
        ChatQueueException reason = new ChatQueueException("over");

        pending.shutDown(reason);
        pending.shutDown(new ChatQueueException("again"));
        PendingAsks.Ask after = pending.open("j", MINUTE);

        assertThatThrownBy(before.future()::join).hasCause(reason);
        assertThatThrownBy(after.future()::join).hasCause(reason);
        assertThat(pending.size()).isZero();
    }

    @Test
    void failsEveryAskIfManyThreadsRaceWithShutDown() {
        PendingAsks real = new PendingAsks(1, new DeadlineThread());
        CompletableFuture<Void> ending =
                CompletableFuture.runAsync(() -> real.shutDown(new ChatQueueException("over")));

        List<PendingAsks.Ask> asks = IntStream.range(0, 5_000)
                .parallel()
                .mapToObj(i -> real.open("i", MINUTE))
                .toList();

        ending.join();
        assertThat(asks).allSatisfy(ask -> assertThat(ask.future()).isCompletedExceptionally());
        assertThat(real.size()).isZero();
    }

    private static ConsumerRecord<byte[], byte[]> reply(String id, byte[] correlation) {
        return SampleReplyRecords.ok("chat.replies", 0, 0, id, correlation);
    }
}
