package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.topics.AclErrors;
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
 * Reads both topics from where the first run began: all requests and replies up to now, then the replies as they come. It
 * needs no memory of its own, but time: some seconds for a gigabyte.
 */
public final class KafkaPreviousRun implements PreviousRun {
    private static final Logger LOGGER = LoggerFactory.getLogger(KafkaPreviousRun.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSE = Duration.ofSeconds(2);
    /** Longer than Kafka's producers leave a transaction open unless they are told to. */
    public static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Consumer<byte[], byte[]> consumer;
    private final ResumePoint point;
    private final String idPrefix;
    private final ResumePoint.Ends ends;
    private final Duration patience;
    /** Where each partition is to be read on, as far as it is known. */
    private final Map<TopicPartition, Long> reached = new HashMap<>();

    /**
     * Takes the consumer over.
     *
     * @param idPrefix what the ids of the batch's requests begin with; the line's number follows
     * @param ends up to where to look
     * @param patience how long to wait for transactions that are open behind what has been read
     */
    public KafkaPreviousRun(
            Consumer<byte[], byte[]> consumer,
            ResumePoint point,
            String idPrefix,
            ResumePoint.Ends ends,
            Duration patience) {
        this.consumer = consumer;
        this.point = point;
        this.idPrefix = idPrefix;
        this.ends = ends;
        this.patience = patience;
    }

    public static Consumer<byte[], byte[]> consumer(Map<String, Object> kafka) {
        Map<String, Object> properties = new HashMap<>(kafka);
        properties.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-resume");
        return KafkaClients.topicReader(properties);
    }

    @Override
    public void catchUp(Findings findings) throws IOException {
        try {
            readAll(findings);
        } catch (AuthorizationException forbidden) {
            throw new CommandException("--resume looks for what the earlier run has left in "
                    + point.requests().topic() + " and "
                    + point.replies().topic() + ". "
                    + AclErrors.words(forbidden, AclErrors.Right.READ).orElseThrow()
                    + ", or remove the .resume file to call again whatever was under way");
        }
    }

    private void readAll(Findings findings) throws IOException {
        Map<TopicPartition, Long> all = ends.byPartition();
        List<TopicPartition> replies = all.keySet().stream()
                .filter(partition -> partition.topic().equals(point.replies().topic()))
                .toList();
        consumer.assign(all.keySet());
        all.keySet().forEach(partition -> reached.put(partition, point.start(partition)));
        reached.forEach(consumer::seek);
        readUpTo(all, findings);
        consumer.assign(replies);
        reached.keySet().retainAll(replies);
        reached.forEach(consumer::seek);
    }

    /**
     * A transaction that somebody has open keeps what lies behind it from being read; it ends, or times out. Taken for
     * never sent, requests there would be called a second time.
     */
    private void readUpTo(Map<TopicPartition, Long> all, Findings findings) throws IOException {
        long before = -1;
        long movedAt = System.nanoTime();
        List<TopicPartition> open = open(all);
        while (findings.goOn() && !open.isEmpty()) {
            poll(POLL, findings);
            all.keySet().forEach(this::lookAtPosition);
            long now = reached.values().stream().mapToLong(each -> each).sum();
            movedAt = now == before ? movedAt : System.nanoTime();
            before = now;
            open = open(all);
            if (!open.isEmpty() && System.nanoTime() - movedAt > patience.toNanos()) {
                throw new CommandException(
                        "--resume could not read " + open + " to the end for " + Durations.format(patience)
                                + ": the broker does not answer, or a transaction stays open there; try again when it has ended"
                                + " (kafka-transactions.sh find-hanging), so that nothing is called twice");
            }
        }
    }

    /** Passes over what is no record, such as a transaction's end. It is not waited for where the broker has to be asked. */
    private void lookAtPosition(TopicPartition partition) {
        try {
            reached.put(partition, consumer.position(partition, Duration.ZERO));
        } catch (RetriableException brokerAway) {
            LOGGER.debug("broker does not answer", brokerAway);
        }
    }

    private List<TopicPartition> open(Map<TopicPartition, Long> all) {
        return all.entrySet().stream()
                .filter(end -> reached.getOrDefault(end.getKey(), 0L) < end.getValue())
                .map(Map.Entry::getKey)
                .toList();
    }

    @Override
    public void poll(Findings findings) throws IOException {
        poll(Duration.ZERO, findings);
    }

    private void poll(Duration patience, Findings findings) throws IOException {
        try {
            for (ConsumerRecord<byte[], byte[]> each : consumer.poll(patience)) {
                reached.put(new TopicPartition(each.topic(), each.partition()), each.offset() + 1);
                tell(each, findings);
            }
        } catch (RetriableException brokerAway) {
            LOGGER.debug("broker does not answer", brokerAway);
        }
    }

    private void tell(ConsumerRecord<byte[], byte[]> each, Findings findings) throws IOException {
        int line = line(WireHeaders.text(each.headers(), WireHeaders.ID).orElse(""));
        if (line == 0) {
            return;
        }
        if (each.topic().equals(point.requests().topic())) {
            findings.published(line);
        } else {
            findings.ended(line, ChatReply.from(each));
        }
    }

    /** The line that an id was made for; 0 where it is not of this batch. */
    private int line(String id) {
        String number = id.startsWith(idPrefix) ? id.substring(idPrefix.length()) : "";
        return number.matches("[1-9]\\d{0,8}") ? Integer.parseInt(number) : 0;
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(CLOSE));
    }
}
