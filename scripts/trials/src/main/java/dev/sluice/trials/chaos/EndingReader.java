package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.history.SeenEnding;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Reads replies and dead letters, committed ones only, for as long as the run goes on. */
final class EndingReader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EndingReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final HistoryRecorder recorder;
    private final Clock clock;
    private final Thread thread = new Thread(this::run, "chaos-endings");
    private volatile boolean finishing;
    private volatile boolean closed;

    EndingReader(String bootstrapServers, Topics topics, int partitions, HistoryRecorder recorder, Clock clock) {
        this.topics = topics;
        this.recorder = recorder;
        this.clock = clock;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.CLIENT_ID_CONFIG,
                        "chaos-reader",
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed",
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "none",
                        ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        5_000,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> all = Stream.of(topics.replies(), topics.dead())
                .flatMap(topic -> Stream.iterate(0, i -> i < partitions, i -> i + 1)
                        .map(partition -> new TopicPartition(topic, partition)))
                .toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Reads what there is to the end and returns; for when nobody writes any more. */
    void finish(Duration bound) throws InterruptedException {
        finishing = true;
        thread.join(bound.toMillis());
        if (thread.isAlive()) {
            throw new IllegalStateException("replies and dead letters can't be read to their end within " + bound);
        }
    }

    private void run() {
        try (consumer) {
            while (!closed) {
                boolean last = finishing;
                consumer.poll(POLL).forEach(this::take);
                if (last && isAtEnd()) {
                    return;
                }
            }
        }
    }

    private boolean isAtEnd() {
        try {
            return consumer.endOffsets(consumer.assignment()).entrySet().stream()
                    .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
        } catch (KafkaException unavailable) {
            log.atDebug().setCause(unavailable).log("end offsets are not known");
            return false;
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        boolean dead = record.topic().equals(topics.dead());
        recorder.ending(new SeenEnding(
                new SeenEnding.Place(dead, record.partition(), record.offset()),
                header(record, WireHeaders.ID),
                header(record, WireHeaders.STATUS),
                header(record, WireHeaders.REASON),
                dead ? "" : answer(record.value()),
                clock.millis()));
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return WireHeaders.text(record.headers(), name).orElse("");
    }

    private static String answer(byte[] value) {
        try {
            return JSON.readTree(value).at("/choices/0/message/content").stringValue("");
        } catch (JacksonException notJson) {
            return "no JSON: " + notJson.getOriginalMessage();
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
