package dev.sluice.worker.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** How the Kafka clients of settle are set up. */
public final class Producers {
    /** A dead worker's open transaction blocks every {@code read_committed} reader for this long. */
    private static final int TRANSACTION_TIMEOUT_MILLIS = 10_000;

    /** Small: it is the pause after a transaction that came before the last one's markers, 100 ms by default. */
    private static final int RETRY_BACKOFF_MILLIS = 5;

    /** What a send waits for metadata of a topic that does not exist. */
    private static final int MAX_BLOCK_MILLIS = 5_000;

    private static final Duration DESCRIBE_BOUND = Duration.ofSeconds(5);

    private Producers() {}

    /**
     * The transactional producer.
     *
     * @param kafka the user's properties; they win over our defaults, and never over what the guarantees rest on
     * @param maxRecordBytes the largest record it has to carry; the topic's own limit decides below that
     */
    public static Producer<byte[], byte[]> producer(
            Map<String, Object> kafka, String transactionalId, int maxRecordBytes) {
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MILLIS);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, TRANSACTION_TIMEOUT_MILLIS);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, TRANSACTION_TIMEOUT_MILLIS / 2);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // with more, a batch overtakes one that was refused while the last transaction's markers were written, and is
        // refused for it in turn
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        config.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, RETRY_BACKOFF_MILLIS);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, maxRecordBytes);
        config.putAll(kafka);
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Looks up the number of partitions of a topic; 0 where it does not exist or may not be seen. */
    public static Function<String, CompletableFuture<Integer>> widths(Admin admin) {
        DescribeTopicsOptions bound = new DescribeTopicsOptions().timeoutMs((int) DESCRIBE_BOUND.toMillis());
        return topic -> admin.describeTopics(List.of(topic), bound)
                .topicNameValues()
                .get(topic)
                .toCompletionStage()
                .thenApply(description -> description.partitions().size())
                .exceptionally(Producers::widthAfter)
                .toCompletableFuture();
    }

    private static int widthAfter(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof UnknownTopicOrPartitionException
                || cause instanceof InvalidTopicException
                || cause instanceof AuthorizationException) {
            return 0;
        }
        throw new CompletionException(cause);
    }
}
