package dev.sluice.worker.cli;

import dev.sluice.ChatReply;
import dev.sluice.wire.WireHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads both topics from where the first run began: all requests and replies up to now, then the replies as they come. It
 * needs no memory of its own, but time: some seconds for a gigabyte.
 */
final class KafkaEarlierRun implements EarlierRun {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final Consumer<byte[], byte[]> consumer;
    private final ResumePoint point;
    private final String idPrefix;

    /**
     * Takes the consumer over.
     *
     * @param idPrefix what the ids of the batch's requests begin with; the line's number follows
     */
    KafkaEarlierRun(Consumer<byte[], byte[]> consumer, ResumePoint point, String idPrefix) {
        this.consumer = consumer;
        this.point = point;
        this.idPrefix = idPrefix;
    }

    static Consumer<byte[], byte[]> consumer(KafkaOptions options) {
        Map<String, Object> properties = new HashMap<>(options.properties());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // what retention has deleted is not there to be found
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        properties.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-resume");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void catchUp(Findings findings) throws IOException {
        try {
            readAll(findings);
        } catch (AuthorizationException forbidden) {
            throw new Refusal("--resume looks for what the earlier run has left in "
                    + point.requests().topic() + " and "
                    + point.replies().topic() + ", and may not read it: " + forbidden.getMessage()
                    + "; allow Read, or remove the .resume file to call again whatever was under way");
        }
    }

    private void readAll(Findings findings) throws IOException {
        List<TopicPartition> replies = partitions(point.replies().topic());
        List<TopicPartition> all = new ArrayList<>(partitions(point.requests().topic()));
        all.addAll(replies);
        consumer.assign(all);
        all.forEach(partition -> consumer.seek(partition, point.start(partition)));
        Map<TopicPartition, Long> ends = consumer.endOffsets(all);
        while (findings.goOn()
                && all.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
            poll(POLL, findings);
        }
        Map<TopicPartition, Long> reached = new HashMap<>();
        replies.forEach(partition -> reached.put(partition, consumer.position(partition)));
        consumer.assign(replies);
        reached.forEach(consumer::seek);
    }

    @Override
    public void poll(Findings findings) throws IOException {
        poll(Duration.ZERO, findings);
    }

    private List<TopicPartition> partitions(String topic) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionInfo each : consumer.partitionsFor(topic)) {
            partitions.add(new TopicPartition(topic, each.partition()));
        }
        return partitions;
    }

    private void poll(Duration patience, Findings findings) throws IOException {
        try {
            for (ConsumerRecord<byte[], byte[]> each : consumer.poll(patience)) {
                tell(each, findings);
            }
        } catch (RetriableException brokerAway) {
            Defects.log(brokerAway);
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
