package dev.sluice.worker.cli;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;

/** Reads the statuses of replies from a topic with one partition, as a super user. */
record ReplyStatuses(Map<String, Object> kafka, String topic) {
    private static final Duration BOUND = Duration.ofSeconds(60);

    /** Waits for the reply to a request. Fails if none comes in time, or if it is not the only one with this status. */
    void await(String id, String status) {
        try (KafkaConsumer<byte[], byte[]> reader = reader()) {
            List<String> found = new ArrayList<>();
            Awaitility.await().atMost(BOUND).until(() -> found.addAll(readOn(reader, id)) || !found.isEmpty());
            found.addAll(readOn(reader, id));
            if (!found.equals(List.of(status))) {
                throw new AssertionError("request " + id + " has the replies " + found + " and not just " + status);
            }
        }
    }

    /** Returns the status of each committed reply to a request. */
    List<String> of(String id) {
        try (KafkaConsumer<byte[], byte[]> reader = reader()) {
            return readOn(reader, id);
        }
    }

    private KafkaConsumer<byte[], byte[]> reader() {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put("isolation.level", "read_committed");
        // closing waits for the fetch that is under way
        config.put("fetch.max.wait.ms", "10");
        List<TopicPartition> replies = List.of(new TopicPartition(topic, 0));
        KafkaConsumer<byte[], byte[]> reader =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        reader.assign(replies);
        reader.seekToBeginning(replies);
        return reader;
    }

    /** Reads to the present end. */
    private List<String> readOn(KafkaConsumer<byte[], byte[]> reader, String id) {
        List<String> statuses = new ArrayList<>();
        TopicPartition replies = new TopicPartition(topic, 0);
        long end = reader.endOffsets(List.of(replies)).get(replies);
        while (reader.position(replies) < end) {
            for (ConsumerRecord<byte[], byte[]> reply : reader.poll(Duration.ofMillis(100))) {
                if (header(reply, WireHeaders.ID).equals(id)) {
                    statuses.add(header(reply, WireHeaders.STATUS));
                }
            }
        }
        return statuses;
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return WireHeaders.text(record.headers(), name).orElseThrow();
    }
}
