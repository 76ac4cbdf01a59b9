package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.topics.TopicPlan;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** One queue on a real Kafka for a test, with plain clients to publish and read, and a configuration for workers. */
final class TestQueue implements AutoCloseable {
    static final int PARTITIONS = 4;
    static final int MAX_REQUEST_BYTES = 100_000;
    static final String KEY = "test-key";
    /** A process alone takes half a minute to start where other builds share the machine. */
    private static final Duration MAX_WAIT = Duration.ofMinutes(1);

    final Topics topics;
    private final Map<String, Object> kafka;
    private final Admin admin;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> reader;

    TestQueue(String bootstrapServers, String base) throws ExecutionException, InterruptedException {
        this.topics = new Topics(base);
        this.kafka = Map.of("bootstrap.servers", bootstrapServers, "metadata.max.age.ms", "1000");
        this.admin = Admin.create(kafka);
        this.producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
        this.reader = new KafkaConsumer<>(readerConfig(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        create(topics.all());
    }

    /** Creates some of the queue's topics as planned, with as many replicas as the brokers make by themselves. */
    void create(List<String> names) throws ExecutionException, InterruptedException {
        List<NewTopic> asPlanned = TopicPlan.of(topics).stream()
                .filter(plan -> names.contains(plan.name()))
                .map(plan -> new NewTopic(plan.name(), Optional.of(plan.partitions(PARTITIONS)), Optional.empty())
                        .configs(plan.settings()))
                .toList();
        SandboxTopics.create(admin, asPlanned);
    }

    void delete(String topic) throws ExecutionException, InterruptedException {
        admin.deleteTopics(List.of(topic)).all().get();
    }

    /** A fetch from empty partitions may not wait, since the next request waits behind it. */
    private Map<String, Object> readerConfig() {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put("isolation.level", "read_committed");
        config.put("fetch.max.wait.ms", "10");
        return config;
    }

    /** Adds bundles in the order in which {@code topics create --partitions} does. */
    void widen(int bundles) throws ExecutionException, InterruptedException {
        List<String> inputs = new ArrayList<>(topics.inputs());
        Collections.reverse(inputs);
        for (String topic : inputs) {
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(bundles * topics.partitionsPerBundle(topic))))
                    .all()
                    .get();
        }
    }

    /** Returns the partitions of an input topic that the queue had before it was widened. */
    List<TopicPartition> partitions(String input) {
        return IntStream.range(0, PARTITIONS)
                .boxed()
                .flatMap(bundle -> topics.partitionsOf(input, bundle).stream())
                .toList();
    }

    Admin admin() {
        return admin;
    }

    /** Returns a configuration for tests, without a limit and with short time-outs. */
    WorkerConfig config(String baseUrl) {
        return config(baseUrl, Map.of("*", ConfiguredLimit.NONE), List.of());
    }

    WorkerConfig config(String baseUrl, Map<String, ConfiguredLimit> limits, List<Pattern> replyTopics) {
        return new WorkerConfig(
                new WorkerConfig.Queue(topics, group(), Optional.empty(), replyTopics, kafka),
                new WorkerConfig.Api(URI.create(baseUrl), () -> KEY, Duration.ofSeconds(5)),
                new WorkerConfig.Pacing(limits, 128, Map.of()),
                new WorkerConfig.Retries(5, Optional.empty()),
                new WorkerConfig.Memory(2_000, 64L << 20, 64L << 20, MAX_REQUEST_BYTES, 1 << 20),
                Duration.ofSeconds(5));
    }

    /** Returns a worker of the packaged jar on this queue without a limit. Its process is not started yet. */
    ProcessBuilder worker(String baseUrl, List<String> jvmOptions, String... options) {
        Stream<String> words = Stream.of(
                "worker",
                "--bootstrap-servers=" + kafka.get("bootstrap.servers"),
                "--topic=" + topics.base(),
                "--group=" + group(),
                "--base-url=" + baseUrl,
                "--admin-port=0",
                "--limit=*=none");
        ProcessBuilder worker = PackagedJar.process(
                jvmOptions, Stream.concat(words, Stream.of(options)).toList());
        worker.environment().put("TOGETHER_API_KEY", KEY);
        return worker;
    }

    String group() {
        return topics.base() + "-group";
    }

    static String body(String model, String text) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    RecordMetadata publish(@Nullable String value) {
        return publish(value, new RecordHeaders());
    }

    RecordMetadata publish(@Nullable String value, RecordHeaders headers) {
        byte[] bytes = value == null ? null : value.getBytes(UTF_8);
        return send(new ProducerRecord<>(topics.requests(), null, null, null, bytes, headers));
    }

    /** Publishes equal requests, spread over all partitions, and waits until Kafka has them. */
    void publishBacklog(int count, String value) {
        publishBacklog(count, i -> new RecordHeaders(), value);
    }

    /** Publishes requests that differ in their headers only. */
    void publishBacklog(int count, IntFunction<RecordHeaders> headers, String value) {
        for (int i = 0; i < count; i++) {
            ProducerRecord<byte[], byte[]> next = new ProducerRecord<>(
                    topics.requests(), i % PARTITIONS, null, null, value.getBytes(UTF_8), headers.apply(i));
            if (i < PARTITIONS) {
                // Of several first batches that a new partition does not take yet some are kept for two minutes.
                send(next);
            } else {
                var unused = producer.send(next);
            }
        }
        producer.flush();
    }

    /** Publishes requests to one partition, as if all had one key. */
    void publishTo(int partition, int count, String value) {
        for (int i = 0; i < count; i++) {
            var unused = producer.send(new ProducerRecord<>(topics.requests(), partition, null, value.getBytes(UTF_8)));
        }
        producer.flush();
    }

    /** Publishes a request with an id to the express topic. */
    RecordMetadata publishExpress(String id, String value, RecordHeaders headers) {
        WireHeaders.set(headers, WireHeaders.ID, id);
        return send(new ProducerRecord<>(topics.express(), null, null, null, value.getBytes(UTF_8), headers));
    }

    RecordMetadata send(ProducerRecord<byte[], byte[]> record) {
        try {
            return producer.send(record).get();
        } catch (ExecutionException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    List<ConsumerRecord<byte[], byte[]>> awaitReplies(int count) {
        return awaitRecords(topics.replies(), count);
    }

    List<ConsumerRecord<byte[], byte[]>> awaitRecords(String topic, int count) {
        Reading reading = new Reading(topic);
        return await().atMost(MAX_WAIT).until(reading::readOn, records -> records.size() >= count);
    }

    /** Waits for the one committed record of a request on a topic. */
    ConsumerRecord<byte[], byte[]> awaitRecord(String topic, String id) {
        Reading reading = new Reading(topic);
        List<ConsumerRecord<byte[], byte[]>> found = await().atMost(MAX_WAIT)
                .until(
                        () -> reading.readOn().stream()
                                .filter(record -> header(record, WireHeaders.ID).equals(id))
                                .toList(),
                        records -> !records.isEmpty());
        if (found.size() > 1) {
            throw new AssertionError(found.size() + " records of request " + id + " on " + topic);
        }
        return found.get(0);
    }

    /** Returns all committed records of a topic, from its beginning to its present end. */
    List<ConsumerRecord<byte[], byte[]>> read(String topic) {
        return new Reading(topic).readOn();
    }

    /** Reads a topic that is waited for, without beginning anew each time. */
    private final class Reading {
        private final String topic;
        private final Map<TopicPartition, Long> positions = new HashMap<>();
        private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

        private Reading(String topic) {
            this.topic = topic;
        }

        /** Reads on to the present end, and returns all from the beginning. */
        private List<ConsumerRecord<byte[], byte[]>> readOn() {
            synchronized (reader) {
                List<TopicPartition> partitions = IntStream.range(0, partitionCount(topic))
                        .mapToObj(partition -> new TopicPartition(topic, partition))
                        .toList();
                reader.assign(partitions);
                reader.seekToBeginning(partitions);
                positions.forEach(reader::seek);
                Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
                while (partitions.stream().anyMatch(partition -> reader.position(partition) < ends.get(partition))) {
                    reader.poll(Duration.ofMillis(100)).forEach(records::add);
                }
                partitions.forEach(partition -> positions.put(partition, reader.position(partition)));
                return List.copyOf(records);
            }
        }
    }

    /** Returns the present number, which the reader may not know yet. */
    private int partitionCount(String topic) {
        try {
            return admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .partitions()
                    .size();
        } catch (ExecutionException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Waits until half a second has passed without a commit. */
    void awaitNoCommit() {
        AtomicLong last = new AtomicLong(-1);
        await().during(Duration.ofMillis(500)).atMost(MAX_WAIT).until(() -> {
            long now = lag();
            return last.getAndSet(now) == now;
        });
    }

    /** Returns the number of records of the input topics that the group has not committed. */
    long lag() {
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group())
                    .partitionsToOffsetAndMetadata()
                    .get();
            Map<TopicPartition, OffsetSpec> latest = topics.inputs().stream()
                    .flatMap(topic -> partitions(topic).stream())
                    .collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
            return admin.listOffsets(latest).all().get().entrySet().stream()
                    .mapToLong(end -> {
                        OffsetAndMetadata offset = committed.get(end.getKey());
                        return end.getValue().offset() - (offset == null ? 0 : offset.offset());
                    })
                    .sum();
        } catch (ExecutionException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return WireHeaders.text(record.headers(), name).orElse("(none)");
    }

    @Override
    public void close() {
        reader.close();
        producer.close();
        admin.close();
    }
}
