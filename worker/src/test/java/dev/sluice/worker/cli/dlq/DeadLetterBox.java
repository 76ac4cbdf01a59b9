package dev.sluice.worker.cli.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.topics.TopicPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** A queue to which a test writes dead letters itself. */
final class DeadLetterBox implements AutoCloseable {
    static final int PARTITIONS = 3;
    private static final int MAX_UNCONFIRMED = 500;

    final Topics topics;
    private final Map<String, Object> config;
    private final KafkaProducer<byte[], byte[]> producer;
    private final List<Future<RecordMetadata>> unconfirmed = new ArrayList<>();

    DeadLetterBox(String servers, String base) throws Exception {
        this.topics = new Topics(base);
        this.config = Map.of("bootstrap.servers", servers, "max.request.size", 4 << 20);
        Map<String, Object> oneByOne = new HashMap<>(config);
        // the leader of a new partition can reject the first batch for good once it has the second
        oneByOne.put("max.in.flight.requests.per.connection", 1);
        this.producer = new KafkaProducer<>(oneByOne, new ByteArraySerializer(), new ByteArraySerializer());
        try (Admin admin = Admin.create(config)) {
            List<NewTopic> planned = TopicPlan.of(topics).stream()
                    .map(plan ->
                            new NewTopic(plan.name(), plan.partitions(PARTITIONS), (short) 1).configs(plan.settings()))
                    .toList();
            admin.createTopics(planned).all().get();
        }
    }

    /** Writes a letter of about a kilobyte. */
    void put(String id, String reason) {
        String text = "x".repeat(700);
        put(id, reason, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}", Map.of());
    }

    void put(String id, String reason, @Nullable String body, Map<String, String> more) {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        WireHeaders.set(headers, WireHeaders.REASON, reason);
        WireHeaders.set(headers, WireHeaders.ORIGIN, topics.requests() + "-0@0");
        more.forEach((name, value) -> WireHeaders.set(headers, name, value));
        byte[] value = body == null ? null : body.getBytes(UTF_8);
        unconfirmed.add(producer.send(new ProducerRecord<>(topics.dead(), null, id.getBytes(UTF_8), value, headers)));
        if (unconfirmed.size() >= MAX_UNCONFIRMED) {
            flush();
        }
    }

    /** Writes any record to a partition, also one that neither a worker nor a replay has written. */
    void putRecord(int partition, Map<String, String> headers) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topics.dead(), partition, null, "{}".getBytes(UTF_8));
        headers.forEach((name, value) -> WireHeaders.set(record.headers(), name, value));
        unconfirmed.add(producer.send(record));
    }

    /** Waits until all letters are there. */
    void flush() {
        for (Future<RecordMetadata> one : unconfirmed) {
            try {
                one.get();
            } catch (ExecutionException | InterruptedException failed) {
                throw new IllegalStateException("a letter could not be put", failed);
            }
        }
        unconfirmed.clear();
    }

    /** Counts the committed records of each id on the request topic. */
    Map<String, Integer> requestIds() {
        Map<String, Integer> counts = new TreeMap<>();
        requests()
                .forEach(record -> counts.merge(
                        WireHeaders.text(record.headers(), WireHeaders.ID).orElseThrow(), 1, Integer::sum));
        return counts;
    }

    List<ConsumerRecord<byte[], byte[]>> requests() {
        Map<String, Object> committed = new HashMap<>(config);
        committed.put("isolation.level", "read_committed");
        // closing waits for the fetch that is under way
        committed.put("fetch.max.wait.ms", "10");
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> reader =
                new KafkaConsumer<>(committed, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                    .mapToObj(partition -> new TopicPartition(topics.requests(), partition))
                    .toList();
            reader.assign(partitions);
            reader.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
            while (partitions.stream().anyMatch(partition -> reader.position(partition) < ends.get(partition))) {
                reader.poll(Duration.ofMillis(100)).forEach(records::add);
            }
        }
        return records;
    }

    @Override
    public void close() {
        producer.close();
    }
}
