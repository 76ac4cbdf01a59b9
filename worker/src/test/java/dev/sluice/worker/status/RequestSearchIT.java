package dev.sluice.worker.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.wire.UuidV7;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.status.RequestTrace.State;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Looks for requests in the topics of a real Kafka, on which no worker runs. */
@Timeout(120)
class RequestSearchIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final int OTHERS = 5_000;

    private final Topics topics = new Topics(kafka.uniqueName("search"));
    private final String group = topics.base() + "-group";
    private final String ownReplies = topics.base() + ".own";
    private final Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
    private Admin admin;
    private KafkaProducer<byte[], byte[]> producer;

    @BeforeEach
    void start() throws Exception {
        admin = Admin.create(properties);
        SandboxTopics.create(
                admin,
                Stream.concat(topics.required().stream(), Stream.of(ownReplies))
                        .map(name -> new NewTopic(name, 1, (short) 1))
                        .toList());
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterEach
    void stop() {
        producer.close();
        admin.close();
    }

    @Test
    void whatBecameOfARequestIsFoundAmongThousands() throws Exception {
        put(topics.requests(), "answered", Map.of(WireHeaders.TENANT, "shop"));
        put(topics.requests(), "dead", Map.of());
        put(topics.requests(), "elsewhere", Map.of(WireHeaders.REPLY_TOPIC, ownReplies));
        for (int i = 0; i < OTHERS; i++) {
            put(topics.requests(), "other-" + i, Map.of());
            put(topics.replies(), "other-" + i, Map.of(WireHeaders.STATUS, "ok"));
        }
        put(topics.replies(), "answered", Map.of(WireHeaders.STATUS, "ok", WireHeaders.HTTP_STATUS, "200"));
        put(topics.dead(), "dead", Map.of(WireHeaders.REASON, "rejected"));
        put(topics.replies(), "dead", Map.of(WireHeaders.STATUS, "failed", WireHeaders.REASON, "rejected"));
        put(ownReplies, "elsewhere", Map.of(WireHeaders.STATUS, "failed", WireHeaders.REASON, "cancelled"));
        long waiting = put(topics.requests(), "waiting", Map.of());
        put(
                topics.delay(Topics.Tier.ONE_HOUR),
                "delayed",
                Map.of(WireHeaders.NOT_BEFORE, Long.toString(System.currentTimeMillis() + 1_800_000)));
        commit(topics.requests(), waiting);

        RequestTrace answered = find("answered");
        assertThat(answered.state(Instant.now())).isEqualTo(State.ANSWERED);
        assertThat(answered.problems()).isEmpty();
        assertThat(answered.records())
                .extracting(TracedRecord::topic)
                .containsExactly(topics.replies(), topics.requests());
        assertThat(answered.records().get(1).model()).isEqualTo("m");
        assertThat(answered.records().get(1).header(WireHeaders.TENANT)).contains("shop");
        assertThat(find("dead").state(Instant.now())).isEqualTo(State.DEAD);
        assertThat(find("elsewhere").state(Instant.now())).isEqualTo(State.FAILED);
        assertThat(find("waiting").state(Instant.now())).isEqualTo(State.WAITING);
        assertThat(find("delayed").state(Instant.now())).isEqualTo(State.DELAYED);
        assertThat(find("other-0").state(Instant.now())).isEqualTo(State.ANSWERED);
        assertThat(find(topics.requests() + "-0@" + waiting).state(Instant.now()))
                .as("an id is not its place")
                .isEqualTo(State.UNKNOWN);
        assertThat(find("nobody").state(Instant.now())).isEqualTo(State.UNKNOWN);
    }

    @Test
    void aSearchSaysHowFarItIsAndEndsWhenNobodyListens() throws Exception {
        for (int i = 0; i < OTHERS; i++) {
            put(topics.requests(), "other-" + i, Map.of());
        }
        producer.flush();
        List<Long> done = new ArrayList<>();

        RequestTrace found = find("other-0", (trace, read, all) -> {
            assertThat(all).isEqualTo(OTHERS);
            done.add(read);
            return read < OTHERS / 2;
        });

        assertThat(found.records()).isEmpty();
        assertThat(done).isSorted().hasSizeGreaterThan(1);
        assertThat(done.get(done.size() - 1)).isBetween(OTHERS / 2L, OTHERS - 1L);
    }

    @Test
    void whatIsOlderThanAnIdWithATimeIsNotRead() throws Exception {
        String id = new UuidV7(Clock.systemUTC(), new SecureRandom()).next().toString();
        long longAgo = System.currentTimeMillis() - 7_200_000;
        for (int i = 0; i < 10; i++) {
            var unused = producer.send(new ProducerRecord<>(topics.requests(), 0, longAgo, new byte[0], new byte[0]));
        }
        put(topics.requests(), id, Map.of());
        producer.flush();
        List<Long> all = new ArrayList<>();

        RequestTrace found = find(id, (trace, read, total) -> all.add(total));

        assertThat(found.state(Instant.now())).isEqualTo(State.WAITING);
        assertThat(all).containsExactly(1L);
    }

    @Test
    void aRequestWithoutAnIdIsFoundByItsPlace() throws Exception {
        long offset = producer.send(new ProducerRecord<>(topics.requests(), 0, null, "no json".getBytes(UTF_8)))
                .get()
                .offset();

        RequestTrace found = find(topics.requests() + "-0@" + offset);

        assertThat(found.state(Instant.now())).isEqualTo(State.WAITING);
        assertThat(found.records().get(0).model()).isEmpty();
    }

    @Test
    void moreRecordsOfAnIdThanAreKeptAreSaid() throws Exception {
        for (int i = 0; i < 150; i++) {
            put(topics.requests(), "same", Map.of());
        }
        producer.flush();

        RequestTrace found = find("same");

        assertThat(found.records()).hasSize(100);
        assertThat(found.isCut()).isTrue();
    }

    private RequestTrace find(String id) throws InterruptedException {
        return find(id, (trace, done, all) -> true);
    }

    private RequestTrace find(String id, RequestSearch.Listener listener) throws InterruptedException {
        try (RequestSearch search = new RequestSearch(admin, properties, topics, group)) {
            return search.find(id, listener);
        }
    }

    /** Publishes a record, and returns its offset once it is there if it is one of few. */
    private long put(String topic, String id, Map<String, String> headers) throws Exception {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, 0, null, "{\"model\":\"m\"}".getBytes(UTF_8));
        WireHeaders.set(record.headers(), WireHeaders.ID, id);
        headers.forEach((name, value) -> WireHeaders.set(record.headers(), name, value));
        var sent = producer.send(record);
        return id.startsWith("other") || id.equals("same") ? -1 : sent.get().offset();
    }

    private void commit(String topic, long offset) throws Exception {
        admin.alterConsumerGroupOffsets(group, Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(offset)))
                .all()
                .get();
    }
}
