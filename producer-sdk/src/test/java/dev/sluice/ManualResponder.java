package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Plays the workers step by step on the test's thread. It takes requests and replies in transactions that may abort.
 */
final class ManualResponder implements AutoCloseable {
    static final int PARTITIONS = 3;

    private final Topics topics;

    private final KafkaConsumer<byte[], byte[]> requests;
    private final KafkaProducer<byte[], byte[]> replies;

    /** Creates the request topic and the reply topic. */
    ManualResponder(String servers, String base) throws Exception {
        this(servers, base, null);
    }

    /** Creates the request topic and the reply topic on these brokers, or on any if they are null. */
    ManualResponder(String servers, String base, @Nullable List<Integer> replicas) throws Exception {
        this.topics = new Topics(base);

        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            SandboxTopics.create(
                    admin,
                    List.of(
                            topic(topics.requests(), replicas)
                                    .configs(Map.of("message.timestamp.type", "LogAppendTime")),
                            topic(topics.replies(), replicas)));
        }
        requests = new KafkaConsumer<>(
                Map.of("bootstrap.servers", servers, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            all.add(new TopicPartition(topics.requests(), i));
        }
        requests.assign(all);
        replies = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        servers,
                        "transactional.id",
                        UUID.randomUUID().toString()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        replies.initTransactions();
    }

    private static NewTopic topic(String name, @Nullable List<Integer> replicas) {
        if (replicas == null) {
            return new NewTopic(name, PARTITIONS, (short) 1);
        }
        return new NewTopic(
                name,
                IntStream.range(0, PARTITIONS)
                        .boxed()
                        .collect(Collectors.toMap(partition -> partition, partition -> replicas)));
    }

    /** Waits until this many requests have arrived, 30 seconds at most. */
    List<ConsumerRecord<byte[], byte[]>> take(int count) {
        List<ConsumerRecord<byte[], byte[]>> taken = takeUntil(all -> all.size() >= count);
        if (taken.size() != count) {
            throw new AssertionError("took " + taken.size() + " requests, wanted " + count);
        }
        return taken;
    }

    /** Waits until the request with this id has arrived, 30 seconds at most. Returns it and all others that came. */
    List<ConsumerRecord<byte[], byte[]>> takeWith(String id) {
        return takeUntil(all -> all.stream()
                .anyMatch(request ->
                        WireHeaders.text(request.headers(), WireHeaders.ID).equals(Optional.of(id))));
    }

    private List<ConsumerRecord<byte[], byte[]>> takeUntil(Predicate<List<ConsumerRecord<byte[], byte[]>>> isEnough) {
        List<ConsumerRecord<byte[], byte[]>> taken = new ArrayList<>();
        Instant end = Instant.now().plusSeconds(30);
        while (!isEnough.test(taken) && Instant.now().isBefore(end)) {
            requests.poll(Duration.ofMillis(100)).forEach(taken::add);
        }
        return taken;
    }

    /** Returns every request that is in the topic now. */
    List<ConsumerRecord<byte[], byte[]>> takeAll() {
        List<ConsumerRecord<byte[], byte[]>> taken = new ArrayList<>();
        var ends = requests.endOffsets(requests.assignment());
        while (ends.entrySet().stream().anyMatch(end -> requests.position(end.getKey()) < end.getValue())) {
            requests.poll(Duration.ofMillis(100)).forEach(taken::add);
        }
        return taken;
    }

    /** Replies with this text before each request's id and aborts the transaction, so that no reader may see it. */
    void replyAndAbort(List<ConsumerRecord<byte[], byte[]>> taken, String text) {
        replies.beginTransaction();
        taken.forEach(request -> send(request, text));
        replies.flush();
        replies.abortTransaction();
    }

    /** Replies with this text before each request's id. */
    void reply(List<ConsumerRecord<byte[], byte[]>> taken, String text) {
        replies.beginTransaction();
        taken.forEach(request -> send(request, text));
        replies.commitTransaction();
    }

    /** Commits the reply of a streamed call to one request. */
    void reply(ConsumerRecord<byte[], byte[]> request, String call, byte[] body) {
        replies.beginTransaction();
        ProducerRecord<byte[], byte[]> reply = reply(request, body);
        WireHeaders.set(reply.headers(), WireHeaders.CALL, call);
        var unused = replies.send(reply);
        replies.commitTransaction();
    }

    /** Commits a record without value and correlation id on each of the first partitions of the reply topic. */
    void replyOnEach(int partitions) {
        replies.beginTransaction();
        for (int i = 0; i < partitions; i++) {
            var unused = replies.send(new ProducerRecord<>(topics.replies(), i, null, null));
        }
        replies.commitTransaction();
    }

    private void send(ConsumerRecord<byte[], byte[]> request, String text) {
        String id = WireHeaders.text(request.headers(), WireHeaders.ID).orElseThrow();
        byte[] body = ("{\"choices\":[{\"message\":{\"content\":\"" + text + id + "\"}}]}").getBytes(UTF_8);
        var unused = replies.send(reply(request, body));
    }

    private ProducerRecord<byte[], byte[]> reply(ConsumerRecord<byte[], byte[]> request, byte[] body) {
        Optional<String> topic = WireHeaders.text(request.headers(), WireHeaders.REPLY_TOPIC);
        ProducerRecord<byte[], byte[]> reply =
                new ProducerRecord<>(topic.orElse(topics.replies()), partition(request.headers()), request.key(), body);
        request.headers().forEach(reply.headers()::add);
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
        return reply;
    }

    private static Integer partition(Headers headers) {
        var partition = WireHeaders.replyPartition(headers);
        return partition.isPresent() ? partition.getAsInt() : 0;
    }

    @Override
    public void close() {
        requests.close();
        replies.close();
    }
}
