package dev.sluice.worker.deadletters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OffsetRangeReaderTest {
    private static final TopicPartition PARTITION = new TopicPartition("chat.requests.dead", 0);
    private static final long TEN_MINUTES = Duration.ofMinutes(10).toNanos();

    private final AtomicLong nanos = new AtomicLong();
    private final List<Long> read = new ArrayList<>();
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final OffsetRangeReader reader = new OffsetRangeReader(
            consumer,
            new OffsetRange(Map.of(PARTITION, 0L), Map.of(PARTITION, 2L)),
            DeadLetterTopic.ProgressListener.NONE,
            nanos::get);

    @Test
    void aSlowVisitorIsNotAStall() {
        schedule(0);
        consumer.schedulePollTask(() -> {});
        consumer.schedulePollTask(() -> {});
        schedule(1);

        reader.readOldestFirst(record -> {
            nanos.addAndGet(TEN_MINUTES);
            return read.add(record.offset());
        });

        assertThat(read).containsExactly(0L, 1L);
    }

    @Test
    void aBrokerThatReturnsNothingForTooLongIsAStall() {
        schedule(0);
        consumer.schedulePollTask(() -> nanos.addAndGet(TEN_MINUTES));

        assertThatThrownBy(() -> reader.readOldestFirst(record -> read.add(record.offset())))
                .isInstanceOf(DeadLetterTopic.StalledException.class)
                .hasMessageContaining("with 1 to come");
        assertThat(read).containsExactly(0L);
    }

    private void schedule(long offset) {
        consumer.schedulePollTask(() ->
                consumer.addRecord(new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), offset, null, null)));
    }
}
