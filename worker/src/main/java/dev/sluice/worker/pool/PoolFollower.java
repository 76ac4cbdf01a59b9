package dev.sluice.worker.pool;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.kafka.RetryLoop;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the topic of reports for a process that is no worker, on a thread of its own: who is alive, and which models
 * the workers have listed. It joins no group and writes nothing. What fails is logged once and tried again.
 * Thread-safe.
 */
public final class PoolFollower implements AutoCloseable {
    /** The latest records, in which every worker that is alive has a report. Of the rest only the key is looked at. */
    private static final long LATEST = 20_000;

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CLOSE_TIME = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(PoolFollower.class);

    private final Map<String, Object> kafka;
    private final String clientId;
    private final TopicPartition partition;
    private final Consumer<byte[]> models;
    private final RetryLoop retries = new RetryLoop("reading reports of workers");
    private final Thread thread = new Thread(this::run, "sluice-pool-follower");
    private volatile OptionalInt alive = OptionalInt.empty();
    private PoolView view = new PoolView();
    private String problem = "";

    /**
     * Makes a follower that has not started.
     *
     * @param kafka the user's properties
     * @param clientId names this process to the broker
     * @param models takes each list of models on this follower's thread: a JSON array in OpenAI's form
     */
    public PoolFollower(Map<String, Object> kafka, String clientId, Topics topics, Consumer<byte[]> models) {
        this.kafka = Map.copyOf(kafka);
        this.clientId = clientId;
        this.partition = new TopicPartition(topics.workers(), 0);
        this.models = models;
        thread.setDaemon(true);
    }

    /** Starts to read in the background. */
    public PoolFollower start() {
        thread.start();
        return this;
    }

    /** Returns the number of workers that are alive; empty while it is not known. */
    public OptionalInt alive() {
        return alive;
    }

    private void run() {
        retries.run(
                this::follow,
                failure -> say(AclErrors.words(failure, AclErrors.Right.READ).orElseGet(failure::toString)),
                () -> alive = OptionalInt.empty());
    }

    private void follow() {
        var consumer = KafkaClients.reportReader(kafka, clientId);
        try {
            List<PartitionInfo> partitions = consumer.partitionsFor(partition.topic(), AdminTimeouts.FOREGROUND);
            if (partitions == null || partitions.isEmpty()) {
                say("topic " + partition.topic() + " does not exist; run `sluice topics create`");
                return;
            }
            List<TopicPartition> assigned = List.of(partition);
            consumer.assign(assigned);
            long end = consumer.endOffsets(assigned, AdminTimeouts.FOREGROUND).getOrDefault(partition, 0L);
            // The list may be an hour old. Compaction leaves few records before it.
            consumer.seekToBeginning(assigned);
            view = new PoolView();
            while (!retries.isStopped()) {
                consumer.poll(POLL).forEach(record -> read(record, end - LATEST));
                if (consumer.position(partition, AdminTimeouts.FOREGROUND) >= end) {
                    alive = OptionalInt.of(view.alive(System.nanoTime()).size());
                    tellThatItReads();
                }
            }
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE_TIME));
        }
    }

    private void read(ConsumerRecord<byte[], byte[]> record, long latest) {
        if (ModelsRecord.isKey(record.key())) {
            if (record.value() != null) {
                models.accept(record.value());
            }
        } else if (record.offset() >= latest) {
            var unused = view.read(record, System.nanoTime());
        }
    }

    private void say(String found) {
        if (!found.equals(problem)) {
            problem = found;
            log.atWarn()
                    .addKeyValue("topic", partition.topic())
                    .addKeyValue("reason", found)
                    .log("Workers are not known, nor are models; requests are taken all the same");
        }
    }

    private void tellThatItReads() {
        if (!problem.isEmpty()) {
            problem = "";
            log.atInfo().addKeyValue("topic", partition.topic()).log("Workers are known");
        }
    }

    /** Ends the thread soon, and does not wait for a Kafka that is away. */
    @Override
    public void close() {
        retries.stop();
        try {
            thread.join(POLL.plus(CLOSE_TIME).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
