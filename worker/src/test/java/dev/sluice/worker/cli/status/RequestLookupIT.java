package dev.sluice.worker.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.TestTerminal;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs {@code sluice status --request} on the topics of a real Kafka, on which no worker runs. */
@Timeout(120)
class RequestLookupIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final TestTerminal terminal = new TestTerminal();
    private final Topics topics = new Topics(kafka.uniqueName("lookup"));
    private KafkaProducer<byte[], byte[]> producer;

    @BeforeEach
    void start() {
        assertThat(run("topics", "create", "--partitions=2")).as(terminal.err()).isZero();
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @AfterEach
    void stop() {
        producer.close();
    }

    @Test
    void whatBecameOfARequestIsPrinted() throws Exception {
        put(topics.requests(), "waiting", Map.of());
        put(topics.requests(), "dead", Map.of());
        put(topics.dead(), "dead", Map.of(WireHeaders.REASON, "rejected", WireHeaders.HTTP_STATUS, "404"));
        put(topics.replies(), "answered", Map.of(WireHeaders.STATUS, "ok"));

        assertThat(status("--request=waiting")).as(terminal.err()).isZero();
        assertThat(terminal.out())
                .contains("request waiting waits in " + topics.requests() + ", published ")
                .contains("no worker has reported yet; start one with 'sluice worker'")
                .containsPattern("request +\\S+Z +m, waits here +" + topics.requests() + "-0@0");
        assertThat(status("--request=answered")).as(terminal.err()).isZero();
        assertThat(terminal.out()).contains("request answered was answered ", "the reply is in " + topics.replies());
        assertThat(status("--request=nobody")).isEqualTo(1);
        assertThat(terminal.out()).contains("request nobody has no record");

        assertThat(status("--request=dead", "--json")).as(terminal.err()).isZero();
        JsonNode dead = lastLine();
        assertThat(dead.get("id").asString()).isEqualTo("dead");
        assertThat(dead.get("records"))
                .extracting(record -> record.get("kind").asString())
                .containsExactlyInAnyOrder("dead_letter", "request");
        assertThat(status("--request=nobody", "--json")).isEqualTo(1);
        assertThat(lastLine().get("state").asString()).isEqualTo("unknown");
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        assertThat(status("--request=r-1", "--watch=1s")).isEqualTo(2);
        assertThat(terminal.err()).contains("--request looks for one request, once; leave out --watch");
        assertThat(status("--request=r-1", "--workers")).isEqualTo(2);
        assertThat(terminal.err()).contains("leave out --workers");
        assertThat(status("--request= ")).isEqualTo(2);
        assertThat(terminal.err()).contains("--request: must be the id of a request");
    }

    private void put(String topic, String id, Map<String, String> headers) throws Exception {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, 0, null, "{\"model\":\"m\"}".getBytes(UTF_8));
        WireHeaders.set(record.headers(), WireHeaders.ID, id);
        headers.forEach((name, value) -> WireHeaders.set(record.headers(), name, value));
        producer.send(record).get();
    }

    private JsonNode lastLine() {
        List<String> lines = terminal.out().lines().toList();
        return JsonMapper.shared().readTree(lines.get(lines.size() - 1));
    }

    private int status(String... options) {
        return run(Stream.concat(Stream.of("status"), Stream.of(options)).toArray(String[]::new));
    }

    private int run(String... words) {
        Stream<String> where = Stream.of("--bootstrap-servers=" + kafka.bootstrapServers(), "--topic=" + topics.base());
        return terminal.run(Stream.concat(Stream.of(words), where).toArray(String[]::new));
    }
}
