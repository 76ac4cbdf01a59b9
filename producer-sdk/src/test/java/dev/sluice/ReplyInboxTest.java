package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ReplyInboxTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final ManualDeadlineScheduler deadlines = new ManualDeadlineScheduler();
    private final PendingAsks pending = new PendingAsks(7, deadlines);
    private final ReplyLog log = new ReplyLog();
    private final AtomicLong nanos = new AtomicLong();
    private final ReplyInbox inbox =
            new ReplyInbox(ChatQueue.builder().settings(), log::consumer, new Random(1), nanos::get, pending);

    @BeforeEach
    void open() {
        log.append("earlier", new byte[0]);
        assertThat(inbox.start().partition().join()).isZero();
    }

    @AfterEach
    void close() {
        inbox.close();
    }

    @Test
    void losesNoWaitThroughAnyFailureOfAPoll() {
        List<Throwable> failures = List.of(
                new DisconnectException("away"),
                new TopicAuthorizationException(Set.of("chat.replies")),
                new SaslAuthenticationException("expired"),
                new KafkaException("Record batch is invalid"),
                new OutOfMemoryError("of a test"),
                new IllegalStateException("a defect"));
        List<PendingAsks.Ask> asks = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            asks.add(pending.open("id" + i, MINUTE));
        }
        List<PendingAsks.Ask> replied = new ArrayList<>(asks);
        Random random = new Random(3);
        Collections.shuffle(replied, random);

        for (int i = 0; i < 300; i++) {
            PendingAsks.Ask ask = replied.get(i);
            log.append("id" + asks.indexOf(ask), ask.correlation());
            if (i % 50 == 25) {
                log.fail(failures.get(i / 50));
            }
            if (random.nextInt(20) == 0) {
                ask.future().join();
            }
        }

        await().until(() -> asks.stream().allMatch(ask -> ask.future().isDone()));
        assertThat(asks)
                .hasSizeGreaterThan(200)
                .allSatisfy(ask -> assertThat(ask.future()).isCompleted());
        assertThat(pending.late()).isZero();
        assertThat(log.failuresLeft()).isZero();
        assertThat(log.consumers()).isEqualTo(4);
        assertThat(inbox.hasEnded()).isFalse();
    }

    @Test
    void failsNewAsksAtOnceWhileReadingIsForbidden() {
        PendingAsks.Ask waiting = pending.open("before", MINUTE);
        log.fail(new TopicAuthorizationException(Set.of("chat.replies")));

        await().until(() -> pending.open("now", MINUTE).future().isCompletedExceptionally());
        assertThatThrownBy(pending.open("now", MINUTE).future()::join)
                .hasMessageContaining("replies on topic chat.replies can't be read (Not authorized")
                .hasMessageContaining("grant this client's user READ on the topic");
        assertThat(waiting.future()).isNotDone();

        nanos.addAndGet(ReadFailures.MENDED_AFTER.toNanos());
        await().until(() -> !pending.open("later", MINUTE).future().isDone());
        log.append("before", waiting.correlation());
        assertThat(waiting.future().join().id()).isEqualTo("before");
    }

    @Test
    void saysAtTheDeadlineThatReadingWasForbidden() {
        PendingAsks.Ask waiting = pending.open("i", MINUTE);
        log.fail(new SaslAuthenticationException("expired"));
        await().until(() -> pending.open("now", MINUTE).future().isCompletedExceptionally());

        deadlines.advance(MINUTE);

        assertThatThrownBy(waiting.future()::join)
                .hasCauseInstanceOf(ReplyTimeoutException.class)
                .hasMessageContaining("no reply to request i within PT1M: replies on topic chat.replies can't be read")
                .hasMessageContaining("check the sasl.* and ssl.* properties");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void failsWaitingAsksIfRepliesWereDeletedUnreadAndGoesOnAtTheEnd(boolean isRecreated) {
        // a consumer that fails reads nothing for a second, in which the log changes
        PendingAsks.Ask read = pending.open("read", MINUTE);
        log.append("read", read.correlation());
        read.future().join();
        log.fail(new KafkaException("broken"));
        await().until(() -> log.failuresLeft() == 0);
        PendingAsks.Ask missed = pending.open("missed", MINUTE);
        log.append("missed", missed.correlation());
        if (isRecreated) {
            log.recreate();
        } else {
            log.deleteRecords();
        }

        assertThatThrownBy(missed.future()::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining(
                        "replies on chat.replies-0 were deleted before they could be read, from offset 2");
        PendingAsks.Ask later = pending.open("later", MINUTE);
        log.append("later", later.correlation());
        assertThat(later.future().join().id()).isEqualTo("later");
        assertThat(inbox.hasEnded()).isFalse();
    }

    @Test
    void endsIfThePartitionStaysBroken() {
        PendingAsks.Ask waiting = pending.open("i", MINUTE);
        log.fail(new KafkaException("Record batch is invalid"));
        await().until(() -> log.failuresLeft() == 0);
        assertThat(waiting.future()).isNotDone();

        // The thread may be anywhere between a poll and the clock. It never finds the partition well meanwhile.
        await().until(() -> {
            log.fail(new KafkaException("Record batch is invalid"));
            nanos.addAndGet(ReadFailures.GIVE_UP_AFTER.toNanos() / 10);
            return waiting.future().isDone();
        });

        assertThatThrownBy(waiting.future()::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("replies on topic chat.replies can't be read (Record batch is invalid)");
        assertThat(inbox.hasEnded()).isTrue();
        assertThat(pending.open("next", MINUTE).future()).isNotDone();
    }

    @Test
    void endsIfTheTopicIsGone() {
        PendingAsks.Ask waiting = pending.open("i", MINUTE);

        log.deleteTopic();
        await().until(() -> {
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            return waiting.future().isDone();
        });

        assertThatThrownBy(waiting.future()::join)
                .hasMessageContaining("reply topic chat.replies does not exist; run `sluice topics create`");
        assertThat(inbox.hasEnded()).isTrue();
    }

    @Test
    void anInterruptedStageOfAnAskDoesNotStopTheOthers() {
        PendingAsks.Ask first = pending.open("first", MINUTE);
        var unused = first.future().thenRun(() -> {
            Thread.currentThread().interrupt();
            log.fail(new DisconnectException("as a poll of an interrupted thread fails"));
        });
        log.append("first", first.correlation());
        first.future().join();

        PendingAsks.Ask second = pending.open("second", MINUTE);
        await().until(() -> log.failuresLeft() == 0);
        log.append("second", second.correlation());

        assertThat(second.future().join().id()).isEqualTo("second");
    }
}
