package dev.sluice.trials.bench;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Tells the ledger of every committed reply as soon as a reader can see it. */
final class ReplyReader implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long CLOSE_MILLIS = 5_000;

    private final Consumer<byte[], byte[]> consumer;
    private final RequestTimes ledger;
    private final Thread thread = new Thread(this::run, "bench-replies");
    private volatile boolean closed;

    ReplyReader(String bootstrapServers, String topic, int partitions, RequestTimes ledger) {
        this.ledger = ledger;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed",
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> all = IntStream.range(0, partitions)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try (consumer) {
            while (!closed) {
                consumer.poll(POLL).forEach(this::take);
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        boolean ok = WireHeaders.text(record.headers(), WireHeaders.STATUS)
                .filter(WireHeaders.OK::equals)
                .isPresent();
        ledger.replied(WireHeaders.text(record.headers(), WireHeaders.ID).orElse(""), ok, System.currentTimeMillis());
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join(CLOSE_MILLIS);
    }
}
