package dev.sluice.trials;

import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Publishes requests: acknowledged by all replicas, each once, and patient with a broker that is away. Thread-safe. */
public final class RequestPublisher implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 600_000;

    private final Producer<byte[], byte[]> producer;

    public RequestPublisher(String bootstrapServers) {
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.CLIENT_ID_CONFIG,
                        "trials-publisher",
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                        true,
                        // as in the SDK: with more, Kafka can reject the first batch to a new partition for good
                        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                        1,
                        // added partitions are known at once
                        ProducerConfig.METADATA_MAX_AGE_CONFIG,
                        1_000,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        10_000,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        PATIENCE_MILLIS,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        PATIENCE_MILLIS),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /**
     * Makes the record of a request.
     *
     * @param notBefore epoch milliseconds; 0 if it may be called at once
     */
    public static ProducerRecord<byte[], byte[]> request(int partition, String id, String body, long notBefore) {
        return request(SluiceJar.TOPICS.requests(), partition, id, body, notBefore);
    }

    /** Makes the record of a request to one of the topics that producers write to. */
    public static ProducerRecord<byte[], byte[]> request(
            String topic, int partition, String id, String body, long notBefore) {
        ProducerRecord<byte[], byte[]> request = anonymous(topic, partition, body);
        WireHeaders.set(request.headers(), WireHeaders.ID, id);
        if (notBefore != 0) {
            WireHeaders.set(request.headers(), WireHeaders.NOT_BEFORE, notBefore);
        }
        return request;
    }

    /** Makes the record of a request without an id. */
    public static ProducerRecord<byte[], byte[]> anonymous(int partition, String body) {
        return anonymous(SluiceJar.TOPICS.requests(), partition, body);
    }

    private static ProducerRecord<byte[], byte[]> anonymous(String topic, int partition, String body) {
        return new ProducerRecord<>(topic, partition, null, body.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Hands a request to Kafka.
     *
     * @param done receives null when Kafka has the request, or else the failure; runs on the producer's thread
     */
    public void publish(ProducerRecord<byte[], byte[]> request, Consumer<@Nullable Exception> done) {
        var unused = producer.send(request, (metadata, failure) -> done.accept(failure));
    }

    /** Waits until every request is acknowledged or has failed for good. */
    public void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
