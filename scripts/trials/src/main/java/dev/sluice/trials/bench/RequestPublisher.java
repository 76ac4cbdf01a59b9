package dev.sluice.trials.bench;

import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Publishes requests; where nothing else is said small ones, about 150 bytes each. Thread-safe. */
final class RequestPublisher implements AutoCloseable {
    private static final String TRACE = "00-%032x-%016x-01";
    private static final String BODY =
            "{\"model\":\"openai/gpt-oss-20b\",\"max_tokens\":8,\"messages\":[{\"role\":\"user\","
                    + "\"content\":\"%s: in one word, what holds back the water of a mill stream?\"}]}";

    private static final byte[] UNCOUNTED = BODY.formatted("one of many").getBytes(StandardCharsets.UTF_8);

    private final Producer<byte[], byte[]> producer;
    private final RequestTimes ledger;
    private final AtomicReference<@Nullable Exception> firstFailure = new AtomicReference<>();
    private volatile boolean traced;

    RequestPublisher(String bootstrapServers, RequestTimes ledger) {
        this.ledger = ledger;
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        // as the SDK: with more, the first batch to a new partition can be refused for good
                        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                        1,
                        // so that partitions added meanwhile are known at once
                        ProducerConfig.METADATA_MAX_AGE_CONFIG,
                        1_000),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** From now on each request has a {@code traceparent}. */
    void trace() {
        traced = true;
    }

    /**
     * Hands a request to Kafka, now.
     *
     * @param due epoch milliseconds of its not-before; 0: none
     * @return its number
     */
    int publish(int partition, long due) {
        return publish(partition, due, number -> BODY.formatted(RequestTimes.id(number)));
    }

    /**
     * Hands a request to Kafka, now, to be called at once.
     *
     * @param body by the request's number; the ledger finds it by {@link RequestTimes#id} in there
     * @return its number
     */
    int publish(int partition, IntFunction<String> body) {
        return publish(partition, 0, body);
    }

    /** Hands over a request that the ledger does not know. */
    void publishUncounted(int partition) {
        send(new ProducerRecord<>(BenchRig.TOPICS.requests(), partition, null, UNCOUNTED));
    }

    private int publish(int partition, long due, IntFunction<String> body) {
        int number = ledger.publish(System.currentTimeMillis(), due);
        byte[] value = body.apply(number).getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(BenchRig.TOPICS.requests(), partition, null, value);
        WireHeaders.set(record.headers(), WireHeaders.ID, RequestTimes.id(number));
        if (due != 0) {
            WireHeaders.set(record.headers(), WireHeaders.NOT_BEFORE, due);
        }
        if (traced) {
            WireHeaders.set(record.headers(), WireHeaders.TRACEPARENT, TRACE.formatted(number + 1, number + 1));
        }
        send(record);
        return number;
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record, (done, failure) -> {
            if (failure != null) {
                ledger.notPublished();
                firstFailure.compareAndSet(null, failure);
            }
        });
    }

    void flush() {
        producer.flush();
    }

    /**
     * Returns when Kafka has everything.
     *
     * @throws IllegalStateException if it has refused something: a backlog with holes proves nothing
     */
    void confirm() {
        producer.flush();
        Exception failure = firstFailure.get();
        if (failure != null) {
            throw new IllegalStateException("not all requests could be published: " + failure, failure);
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
