package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.KafkaClients;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the requests and replies of previous runs in Kafka. It reads their topics from the resume point up to now, and
 * later the replies as they come. Reading takes no memory of its own, and some seconds per gigabyte. Not thread-safe.
 */
public final class KafkaPreviousRun implements PreviousRun {
    private static final Logger log = LoggerFactory.getLogger(KafkaPreviousRun.class);

    private static final Duration POLL_TIMEOUT = Duration.ofMillis(200);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    /** A default patience. It is longer than the default transaction timeout of Kafka's producers, which is 60 s. */
    public static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Consumer<byte[], byte[]> consumer;
    private final ResumePoint point;
    private final String idPrefix;
    private final Map<TopicPartition, Long> endOffsets = new HashMap<>();
    private final Duration patience;
    /** The last known position of each partition. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    /**
     * Takes over the consumer and closes it in the end.
     *
     * @param idPrefix the beginning of the batch's request ids, to which the line's number is appended
     * @param ends the offsets up to which {@link #catchUp} reads
     * @param patience the longest time without progress, for instance because another transaction is open
     */
    public KafkaPreviousRun(
            Consumer<byte[], byte[]> consumer,
            ResumePoint point,
            String idPrefix,
            List<ResumePoint.TopicEnd> ends,
            Duration patience) {
        this.consumer = consumer;
        this.point = point;
        this.idPrefix = idPrefix;
        ends.forEach(end -> endOffsets.putAll(end.byPartition()));
        this.patience = patience;
    }

    /**
     * Builds a consumer for the constructor.
     *
     * @param kafka the user's properties
     */
    public static Consumer<byte[], byte[]> consumer(Map<String, Object> kafka) {
        Map<String, Object> properties = new HashMap<>(kafka);
        properties.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-resume");
        return KafkaClients.topicReader(properties);
    }

    @Override
    public void catchUp(Listener listener) throws IOException {
        try {
            readAll(listener);
        } catch (AuthorizationException e) {
            List<String> topics =
                    point.topicEnds().stream().map(ResumePoint.TopicEnd::topic).toList();
            throw new DeniedException(topics, e);
        }
    }

    private void readAll(Listener listener) throws IOException {
        List<TopicPartition> replies = endOffsets.keySet().stream()
                .filter(partition -> partition.topic().equals(point.replies().topic()))
                .toList();
        consumer.assign(endOffsets.keySet());
        Map<TopicPartition, Long> starts = point.startOffsets();
        endOffsets.keySet().forEach(partition -> positions.put(partition, starts.getOrDefault(partition, 0L)));
        positions.forEach(consumer::seek);
        readUpToEnds(listener);
        consumer.assign(replies);
        positions.keySet().retainAll(replies);
        positions.forEach(consumer::seek);
    }

    private void readUpToEnds(Listener listener) throws IOException {
        long lastSum = -1;
        long movedAt = System.nanoTime();
        List<TopicPartition> unfinished = unfinished();
        while (listener.shouldContinue() && !unfinished.isEmpty()) {
            poll(POLL_TIMEOUT, listener);
            endOffsets.keySet().forEach(this::updatePosition);
            long sum = positions.values().stream().mapToLong(each -> each).sum();
            movedAt = sum == lastSum ? movedAt : System.nanoTime();
            lastSum = sum;
            unfinished = unfinished();
            // an open transaction hides the records after it until it ends or times out; if they were taken for never
            // sent, they would be called a second time
            if (!unfinished.isEmpty() && System.nanoTime() - movedAt > patience.toNanos()) {
                throw new StalledException(unfinished, patience);
            }
        }
    }

    /** Moves over offsets without a record, such as the end of a transaction. It never waits for the broker. */
    private void updatePosition(TopicPartition partition) {
        try {
            positions.put(partition, consumer.position(partition, Duration.ZERO));
        } catch (RetriableException e) {
            log.debug("Position unknown, it is asked for again", e);
        }
    }

    private List<TopicPartition> unfinished() {
        return endOffsets.entrySet().stream()
                .filter(end -> positions.getOrDefault(end.getKey(), 0L) < end.getValue())
                .map(Map.Entry::getKey)
                .toList();
    }

    @Override
    public void poll(Listener listener) throws IOException {
        poll(Duration.ZERO, listener);
    }

    private void poll(Duration timeout, Listener listener) throws IOException {
        try {
            for (ConsumerRecord<byte[], byte[]> each : consumer.poll(timeout)) {
                positions.put(new TopicPartition(each.topic(), each.partition()), each.offset() + 1);
                report(each, listener);
            }
        } catch (RetriableException e) {
            log.debug("Poll failed, it is repeated", e);
        }
    }

    private void report(ConsumerRecord<byte[], byte[]> each, Listener listener) throws IOException {
        int line = lineOf(WireHeaders.text(each.headers(), WireHeaders.ID).orElse(""));
        if (line == 0) {
            return;
        }
        if (each.topic().equals(point.replies().topic())) {
            listener.replied(line, ChatReply.from(each));
        } else {
            listener.published(line);
        }
    }

    /** Returns the line of a request id, or 0 if the request is not part of this batch. */
    private int lineOf(String id) {
        String number = id.startsWith(idPrefix) ? id.substring(idPrefix.length()) : "";
        return number.matches("[1-9]\\d{0,8}") ? Integer.parseInt(number) : 0;
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
    }
}
