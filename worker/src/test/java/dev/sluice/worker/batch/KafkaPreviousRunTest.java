package dev.sluice.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.ChatReply;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class KafkaPreviousRunTest {
    /** A consumer whose positions are unknown because the broker does not answer. */
    private static final class DisconnectedConsumer extends MockConsumer<byte[], byte[]> {
        private Duration waited = Duration.ZERO;

        DisconnectedConsumer() {
            super("earliest");
        }

        @Override
        public synchronized long position(TopicPartition partition) {
            return position(partition, Duration.ofMinutes(1));
        }

        @Override
        public synchronized long position(TopicPartition partition, Duration timeout) {
            waited = waited.plus(timeout);
            throw new TimeoutException("position could not be determined");
        }
    }

    private final DisconnectedConsumer consumer = new DisconnectedConsumer();

    @Test
    void catchingUpStallsWhenTheBrokerDoesNotAnswer() throws Exception {
        try (KafkaPreviousRun run = previousRun(Duration.ofMillis(20))) {
            PreviousRun.StalledException stalled =
                    catchThrowableOfType(PreviousRun.StalledException.class, () -> run.catchUp(listener(true)));

            assertThat(stalled.unfinished()).containsExactly(new TopicPartition("chat.requests", 0));
            assertThat(stalled.patience()).isEqualTo(Duration.ofMillis(20));
        }
    }

    @Test
    void catchingUpEndsAtOnceWhenItShallNotContinue() throws Exception {
        try (KafkaPreviousRun run = previousRun(Duration.ofMinutes(1))) {
            run.catchUp(listener(false));
        }

        assertThat(consumer.waited).isLessThan(Duration.ofSeconds(1));
    }

    private KafkaPreviousRun previousRun(Duration patience) {
        ResumePoint.TopicEnd requests = new ResumePoint.TopicEnd("chat.requests", "id", List.of(0L));
        ResumePoint.TopicEnd replies = new ResumePoint.TopicEnd("chat.replies", "id", List.of(0L));
        ResumePoint.TopicEnd later = new ResumePoint.TopicEnd("chat.requests", "id", List.of(5L));
        return new KafkaPreviousRun(
                consumer,
                new ResumePoint("run", null, requests, replies, List.of()),
                "batch-x-",
                List.of(later, replies),
                patience);
    }

    private static PreviousRun.Listener listener(boolean shouldContinue) {
        return new PreviousRun.Listener() {
            @Override
            public void published(int line) {
                throw new AssertionError("nothing was published");
            }

            @Override
            public void replied(int line, ChatReply reply) {
                throw new AssertionError("there is no reply");
            }

            @Override
            public boolean shouldContinue() {
                return shouldContinue;
            }
        };
    }
}
