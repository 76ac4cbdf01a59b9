package dev.sluice.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ChatReply;
import dev.sluice.worker.text.CommandException;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class KafkaPreviousRunTest {
    /** Has to ask a broker that does not answer where it is. */
    private static final class Lost extends MockConsumer<byte[], byte[]> {
        private Duration waited = Duration.ZERO;

        Lost() {
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

    private final Lost consumer = new Lost();

    @Test
    void aBrokerThatDoesNotAnswerIsARefusalWhenPatienceEnds() throws Exception {
        try (KafkaPreviousRun run = earlier(Duration.ofMillis(20))) {
            assertThatThrownBy(() -> run.catchUp(findings(true)))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("the broker does not answer");
        }
    }

    @Test
    void whereItIsNotToGoOnNobodyIsAskedForLong() throws Exception {
        try (KafkaPreviousRun run = earlier(Duration.ofMinutes(1))) {
            run.catchUp(findings(false));
        }

        assertThat(consumer.waited).isLessThan(Duration.ofSeconds(1));
    }

    private KafkaPreviousRun earlier(Duration patience) {
        ResumePoint.Place requests = new ResumePoint.Place("chat.requests", "id", List.of(0L));
        ResumePoint.Place replies = new ResumePoint.Place("chat.replies", "id", List.of(0L));
        ResumePoint.Place later = new ResumePoint.Place("chat.requests", "id", List.of(5L));
        return new KafkaPreviousRun(
                consumer,
                new ResumePoint("run", null, requests, replies),
                "batch-x-",
                new ResumePoint.Ends(later, replies),
                patience);
    }

    private static PreviousRun.Findings findings(boolean goOn) {
        return new PreviousRun.Findings() {
            @Override
            public void published(int line) {
                throw new AssertionError("nothing was published");
            }

            @Override
            public void ended(int line, ChatReply reply) {
                throw new AssertionError("nothing has ended");
            }

            @Override
            public boolean goOn() {
                return goOn;
            }
        };
    }
}
