package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.requestreply.KafkaReplyTimeoutException;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.serializer.JacksonJsonDeserializer;
import org.springframework.kafka.support.serializer.JacksonJsonSerializer;
import tools.jackson.databind.JsonNode;

/** Runs a Spring service, written as the SDK's README shows it, against a running worker. */
class InteropSpringIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static TestQueue queue;
    private static TogetherStandIn api;
    private static Worker worker;
    private static AnnotationConfigApplicationContext spring;
    private static ReplyingKafkaTemplate<String, String, String> chat;
    private static SpringService service;

    @BeforeAll
    @SuppressWarnings("unchecked")
    static void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), "chat"); // the README's own topics; nobody else takes them
        SandboxTopics.create(queue.admin(), List.of(new NewTopic("billing.replies", 2, (short) 1)));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        List<Pattern> replyTopics = List.of(Pattern.compile("billing\\.replies"));
        worker = Worker.start(queue.config(api.baseUrl(), Map.of("*", ConfiguredLimit.NONE), replyTopics));
        spring = new AnnotationConfigApplicationContext();
        Map<String, Object> properties = Map.of(
                "spring.kafka.bootstrap-servers",
                kafka.bootstrapServers(),
                "spring.kafka.consumer.isolation-level",
                "read_committed");
        spring.getEnvironment().getPropertySources().addFirst(new MapPropertySource("application", properties));
        spring.register(SpringService.Beans.class);
        spring.refresh();
        chat = spring.getBean(ReplyingKafkaTemplate.class);
        service = spring.getBean(SpringService.class);
        assertThat(chat.waitForAssignment(PATIENCE)).isTrue();
    }

    @AfterAll
    static void close() throws Exception {
        spring.close();
        worker.close();
        api.close();
        queue.close();
    }

    @Test
    void readmeShowsTheServiceThatIsTriedHere() {
        assertThat(Readme.blocks("## Spring", "java spring")).isEqualTo(Readme.tagged("SpringService"));
    }

    @Test
    void aQuestionIsAnswered() throws Exception {
        String answer = service.ask(body("m", "hello from Spring"), PATIENCE);

        assertThat(answer).contains("\"choices\"");
        assertThat(new String(api.lastRequest("hello from Spring").orElseThrow().body(), UTF_8))
                .isEqualTo(body("m", "hello from Spring"));
    }

    @Test
    void theReplyCarriesTheHeadersOfTheRequest() throws Exception {
        var future = chat.sendAndReceive(new ProducerRecord<>("chat.requests", "the key", body("m", "headers")));

        ConsumerRecord<String, String> reply = future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        ProducerRecord<String, String> sent = future.getSendFuture().join().getProducerRecord();
        assertThat(reply.topic()).isEqualTo("billing.replies");
        assertThat(reply.key()).isEqualTo("the key");
        for (String name : List.of(KafkaHeaders.CORRELATION_ID, KafkaHeaders.REPLY_TOPIC)) {
            assertThat(reply.headers().lastHeader(name))
                    .as(name)
                    .isNotNull()
                    .isEqualTo(sent.headers().lastHeader(name));
        }
    }

    @Test
    void anErrorIsAnAnswer() {
        assertThatThrownBy(() -> service.ask(body("m", "bad [stand-in: status=400]"), PATIENCE))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("failed: {\"error\":{\"message\":");
    }

    @Test
    void whatExpiresWithTheWorkersIsAnAnswer() {
        var request = new ProducerRecord<String, String>(
                "chat.requests", body("m", "expires [stand-in: status=429 reset=2 times=1]"));
        WireHeaders.set(request.headers(), WireHeaders.EXPIRES_AT, System.currentTimeMillis() + 1_000);

        assertThatThrownBy(() -> chat.sendAndReceive(request, PATIENCE).get())
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("\"expired\"");
    }

    @Test
    void aReplyThatComesTooLateHarmsNoLaterQuestion() throws Exception {
        var late = new ProducerRecord<String, String>("chat.requests", body("m", "late [stand-in: latency=1500ms]"));
        WireHeaders.set(late.headers(), WireHeaders.ID, "late");

        assertThatThrownBy(
                        () -> chat.sendAndReceive(late, Duration.ofMillis(500)).get())
                .hasCauseInstanceOf(KafkaReplyTimeoutException.class);
        ConsumerRecord<byte[], byte[]> reply = queue.awaitRecord("billing.replies", "late");

        assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
        assertThat(service.ask(body("m", "after the late one"), PATIENCE)).contains("\"choices\"");
    }

    @Test
    void aListenerHearsCommittedRepliesOnly() throws Exception {
        abort(new ProducerRecord<>("chat.replies", 0, "any", "never published", headers("never published")));
        RecordHeaders headers = headers("to be booked");
        headers.add(KafkaHeaders.REPLY_PARTITION, WireHeaders.encodePartition(0)); // behind the aborted one
        chat.send(new ProducerRecord<>("chat.requests", null, "any", body("m", "to be booked"), headers))
                .get();

        SpringService.Booked booked = service.booked().poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(booked).isNotNull();
        assertThat(booked.id()).isEqualTo("to be booked");
        assertThat(booked.status()).isEqualTo("ok");
        assertThat(booked.body()).contains("\"choices\"");
        assertThat(service.booked()).isEmpty();
    }

    @Test
    void jsonSerializersWorkWithoutTypeHeaders() throws Exception {
        var json = new JacksonJsonSerializer<Map<String, Object>>();
        json.configure(Map.of("spring.json.add.type.headers", "false"), false);
        var producers = new DefaultKafkaProducerFactory<>(clients(), new StringSerializer(), json);
        var consumers = new DefaultKafkaConsumerFactory<>(
                clients(), new StringDeserializer(), new JacksonJsonDeserializer<>(JsonNode.class));
        var containers = new ConcurrentKafkaListenerContainerFactory<String, JsonNode>();
        containers.setConsumerFactory(consumers);
        var replies = containers.createContainer("billing.replies");
        replies.getContainerProperties().setGroupId(kafka.uniqueName("json"));
        var template = new ReplyingKafkaTemplate<>(producers, replies);
        template.setSharedReplyTopic(true);
        Map<String, Object> question =
                Map.of("model", "m", "messages", List.of(Map.of("role", "user", "content", "as a map")));

        template.start();
        try {
            assertThat(template.waitForAssignment(PATIENCE)).isTrue();
            var reply = template.sendAndReceive(new ProducerRecord<>("chat.requests", question), PATIENCE);
            assertThat(reply.get().value().at("/choices/0/message/role").asString())
                    .isEqualTo("assistant");
        } finally {
            template.stop();
            producers.destroy();
        }
    }

    private static Map<String, Object> clients() {
        return Map.of("bootstrap.servers", kafka.bootstrapServers(), "isolation.level", "read_committed");
    }

    private static RecordHeaders headers(String id) {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        WireHeaders.set(headers, WireHeaders.STATUS, WireHeaders.OK);
        return headers;
    }

    private static void abort(ProducerRecord<String, String> record) throws Exception {
        Map<String, Object> config =
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "transactional.id", kafka.uniqueName("aborting"));
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(record).get();
            producer.abortTransaction();
        }
    }
}
