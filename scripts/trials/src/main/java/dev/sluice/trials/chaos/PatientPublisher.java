package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.plan.PlannedRequest;
import dev.sluice.trials.chaos.plan.RequestKind;
import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes requests as a careful user does: idempotent, acknowledged by all, patient with a broker that is away. */
final class PatientPublisher implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PatientPublisher.class);
    private static final int PATIENCE_MILLIS = 600_000;

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final HistoryRecorder recorder;
    private final Clock clock;

    PatientPublisher(String bootstrapServers, String topic, HistoryRecorder recorder, Clock clock) {
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.CLIENT_ID_CONFIG,
                        "chaos-publisher",
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        // as the SDK: with more, the first batch to a new partition can be refused for good
                        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                        1,
                        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                        true,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        PATIENCE_MILLIS,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        10_000,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        PATIENCE_MILLIS),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.topic = topic;
        this.recorder = recorder;
        this.clock = clock;
    }

    /** Hands a request to Kafka, now. */
    void publish(PlannedRequest request) {
        long now = clock.millis();
        long notBefore = request.dueAfterMillis() == 0 ? 0 : now + request.dueAfterMillis();
        byte[] value = request.body().getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, request.partition(), null, value);
        Headers headers = record.headers();
        WireHeaders.set(headers, WireHeaders.ID, request.id());
        if (notBefore != 0) {
            WireHeaders.set(headers, WireHeaders.NOT_BEFORE, notBefore);
        }
        if (request.kind() == RequestKind.EXPIRED) {
            WireHeaders.set(headers, WireHeaders.EXPIRES_AT, now - 1);
        }
        recorder.published(request, now, notBefore);
        var unused = producer.send(record, (done, failure) -> {
            if (failure == null) {
                recorder.acknowledged(request.id(), clock.millis());
            } else {
                log.atWarn().addKeyValue("id", request.id()).setCause(failure).log("a request was not published");
            }
        });
    }

    /** Waits until everything is acknowledged, or has failed for good. */
    void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
