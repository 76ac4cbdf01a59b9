package dev.sluice.worker.cancel;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.RetryLoop;
import dev.sluice.worker.topics.AclErrors;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the marks that cancel requests, on a thread of its own. It joins no group and writes nothing.
 *
 * <p>It begins with the latest {@link CancelMarks#MAX} marks, since no more are kept. Calls wait for these at a
 * worker's start, but not for a topic that cannot be read: a worker without marks calls what it would have called
 * before there were marks. What fails is logged once and tried again.
 */
public final class CancelReader implements Runnable {
    /** The longest time for which the first call waits for the marks that were there before it. */
    public static final Duration FIRST_READING = Duration.ofSeconds(10);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration LOOK_UP_TIME = Duration.ofSeconds(5);
    private static final Duration CLOSE_TIME = Duration.ofSeconds(1);
    private static final long HOUSEKEEPING_MILLIS = 10_000;

    private static final Logger log = LoggerFactory.getLogger(CancelReader.class);

    private final String topic;
    private final Supplier<Consumer<byte[], byte[]>> clients;
    private final CancelMarks marks;
    private final Clock clock;
    private final Runnable onMarks;
    private final CompletableFuture<Void> isCaughtUp = new CompletableFuture<>();
    private final RetryLoop retries;
    /** The check at a worker's start has told of a missing topic already. */
    private String trouble;

    private long housekeepingAt;
    private long forgotten;

    /**
     * Makes a reader that has not started.
     *
     * @param topic the topic of marks. It has one partition, but Kafka may have made it with more by itself.
     * @param clients makes consumers without a group
     * @param marks takes the marks
     * @param onMarks runs on this reader's thread after marks were added
     */
    public CancelReader(
            String topic,
            Supplier<Consumer<byte[], byte[]>> clients,
            CancelMarks marks,
            Clock clock,
            Runnable onMarks) {
        this(topic, clients, marks, clock, onMarks, new RetryLoop("reading cancel marks"));
    }

    CancelReader(
            String topic,
            Supplier<Consumer<byte[], byte[]>> clients,
            CancelMarks marks,
            Clock clock,
            Runnable onMarks,
            RetryLoop retries) {
        this.topic = topic;
        this.clients = clients;
        this.marks = marks;
        this.clock = clock;
        this.onMarks = onMarks;
        this.retries = retries;
        this.trouble = missing();
    }

    /** Waits until the marks are known that were there at the start, or cannot be read, or take too long to read. */
    public void awaitFirstReading() {
        isCaughtUp
                .completeOnTimeout(null, FIRST_READING.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    /** Ends {@link #run} soon. */
    public void stop() {
        retries.stop();
    }

    /** Runs until {@link #stop}. */
    @Override
    public void run() {
        try {
            retries.run(
                    this::follow,
                    failure ->
                            say(AclErrors.words(failure, AclErrors.Right.READ).orElseGet(failure::toString)),
                    () -> isCaughtUp.complete(null));
        } finally {
            isCaughtUp.complete(null);
        }
    }

    private void follow() {
        Consumer<byte[], byte[]> consumer = clients.get();
        try {
            List<PartitionInfo> partitions = consumer.partitionsFor(topic, LOOK_UP_TIME);
            if (partitions == null || partitions.isEmpty()) {
                say(missing());
                return;
            }
            List<TopicPartition> assigned = partitions.stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(assigned);
            Map<TopicPartition, Long> ends = seekToLatest(consumer, assigned);
            while (!retries.isStopped()) {
                read(consumer.poll(POLL));
                if (!isCaughtUp.isDone() && hasRead(consumer, ends)) {
                    isCaughtUp.complete(null);
                }
                keepHouse();
                tellThatItReads();
            }
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE_TIME));
        }
    }

    /** Goes to the latest marks of each partition. Returns where the partitions end at present. */
    private static Map<TopicPartition, Long> seekToLatest(
            Consumer<byte[], byte[]> consumer, List<TopicPartition> assigned) {
        Map<TopicPartition, Long> firsts = consumer.beginningOffsets(assigned, LOOK_UP_TIME);
        Map<TopicPartition, Long> ends = consumer.endOffsets(assigned, LOOK_UP_TIME);
        ends.forEach((partition, end) ->
                consumer.seek(partition, Math.max(firsts.getOrDefault(partition, 0L), end - CancelMarks.MAX)));
        return ends;
    }

    private static boolean hasRead(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream()
                .allMatch(end -> consumer.position(end.getKey(), LOOK_UP_TIME) >= end.getValue());
    }

    private void read(ConsumerRecords<byte[], byte[]> records) {
        boolean hasNews = false;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Optional<CancelMark> mark = CancelMark.of(record.headers());
            if (mark.isPresent()) {
                marks.add(mark.get(), record.timestamp(), endsAt(record));
                hasNews = true;
            }
        }
        if (hasNews) {
            onMarks.run();
        }
    }

    /** Returns when a mark ends. An end that cannot be read is none, since the mark was meant to cancel something. */
    private static long endsAt(ConsumerRecord<byte[], byte[]> record) {
        try {
            return WireHeaders.number(record.headers(), WireHeaders.EXPIRES_AT).orElse(Long.MAX_VALUE);
        } catch (IllegalArgumentException foreign) {
            return Long.MAX_VALUE;
        }
    }

    private void keepHouse() {
        long now = clock.millis();
        if (now >= housekeepingAt) {
            housekeepingAt = now + HOUSEKEEPING_MILLIS;
            marks.removeEnded(now);
            long before = forgotten;
            forgotten = marks.forgotten();
            if (forgotten > before) {
                log.atWarn()
                        .addKeyValue("marks", forgotten - before)
                        .addKeyValue("kept", CancelMarks.MAX)
                        .log("Oldest cancel marks forgotten, since there are too many; what they name is called");
            }
        }
    }

    private String missing() {
        return "topic " + topic + " does not exist; run `sluice topics create`";
    }

    private void say(String found) {
        if (!found.equals(trouble)) {
            trouble = found;
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("reason", found)
                    .log("Cancel marks cannot be read; cancelled requests are called");
        }
    }

    private void tellThatItReads() {
        if (!trouble.isEmpty()) {
            if (!trouble.equals(missing())) {
                log.atInfo().addKeyValue("topic", topic).log("Cancel marks are read");
            }
            trouble = "";
        }
    }
}
