package dev.sluice.worker.pool;

import dev.sluice.worker.kafka.RetryLoop;
import dev.sluice.worker.topics.AclErrors;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes this worker's reports, reads those of all workers, and tells what may be spent of each limit.
 *
 * <p>Nothing else depends on the pool. Whatever fails here, the worker goes on with the part of its own bundles.
 */
public final class PoolMember implements Runnable {
    /** The time for which others believe a report. */
    public static final Duration VALIDITY = Duration.ofSeconds(3);

    /** The longest time between two looks at what there is to report, unless somebody says that there is more. */
    private static final Duration POLL = Duration.ofMillis(100);

    /**
     * The least time between two divisions for each worker that is alive. A division visits each of them, and a hundred
     * workers write hundreds of reports a second.
     */
    private static final Duration LEAST_INTERVAL = Duration.ofNanos(500_000);

    private static final Duration LOOK_UP_TIME = Duration.ofSeconds(5);
    private static final Duration CLOSE_TIME = Duration.ofSeconds(1);

    /** The time without reports that come back after which this is no passing delay. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** The longest time that writing and reading take once, unless the process stands still. */
    private static final Duration MAX_STEP = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(PoolMember.class);

    private final String topic;
    private final String name;
    private final Clients clients;
    private final Supplier<WorkerReport> reports;
    private final ModelsRecord.Publisher models;
    private final Consumer<LentShares> shares;
    private final LongSupplier nanoTime;
    /** Present while it is polled. Any thread may wake it up. */
    private final AtomicReference<org.apache.kafka.clients.consumer.@Nullable Consumer<byte[], byte[]>> polled =
            new AtomicReference<>();

    private final RetryLoop retries = new RetryLoop("sharing of limits");
    private final PoolParticipant participant;
    private LentShares told = LentShares.NONE;
    /** Written by the pool's thread only. */
    private volatile Map<String, WorkerReport> others = Map.of();
    /** The time at which reports came back last, or at which this worker began to write them. */
    private long heardAt;

    /** The failure of the last report; null if it was written. Kafka's threads set it. */
    private volatile @Nullable Exception notWritten;

    private boolean hasNews;
    private long sharedAt;
    private int attempts;
    /** The reason why the others are not known. The check at a worker's start has told of a missing topic already. */
    private String trouble;

    /**
     * Makes the Kafka clients of a member.
     *
     * @param reader makes a consumer without a group
     * @param writer makes a producer without transactions
     */
    public record Clients(
            Supplier<org.apache.kafka.clients.consumer.Consumer<byte[], byte[]>> reader,
            Supplier<Producer<byte[], byte[]>> writer) {}

    /**
     * @param topic the topic of reports, whose first partition is used
     * @param name this worker's name, which no other worker of the queue has
     * @param started when this worker was started, as in its reports
     * @param reports makes a report of this worker, without a number
     * @param models makes the lists of models that are written beside the reports
     * @param shares takes what may be spent at present
     * @param nanoTime the monotonic clock by which what is lent ends
     */
    public PoolMember(
            String topic,
            String name,
            Instant started,
            Clients clients,
            Supplier<WorkerReport> reports,
            ModelsRecord.Publisher models,
            Consumer<LentShares> shares,
            LongSupplier nanoTime) {
        this.topic = topic;
        this.name = name;
        this.clients = clients;
        this.reports = reports;
        this.models = models;
        this.shares = shares;
        this.nanoTime = nanoTime;
        this.participant = new PoolParticipant(name, started);
        this.trouble = missing();
    }

    /**
     * Returns the reports of the other workers that are alive, by name. The map is empty while they are not known.
     * Thread-safe.
     */
    public Map<String, WorkerReport> others() {
        return others;
    }

    /** Makes this member look soon whether there is something to report. Any thread may call it. It does not wait. */
    public void look() {
        var reader = polled.get();
        if (reader != null) {
            reader.wakeup();
        }
    }

    /** Ends {@link #run} soon. The worker says that it leaves. */
    public void stop() {
        retries.stop();
        look();
    }

    /** Runs until {@link #stop}. What Kafka throws is logged, and after a pause everything is tried again. */
    @Override
    public void run() {
        retries.run(this::takePart, failure -> say(failure, AclErrors.Right.READ), () -> others = Map.of());
    }

    private void takePart() {
        attempts++;
        var reader = clients.reader().get();
        try {
            TopicPartition partition = new TopicPartition(topic, 0);
            List<PartitionInfo> partitions = reader.partitionsFor(topic, LOOK_UP_TIME);
            if (partitions == null || partitions.isEmpty()) {
                say(missing());
                return;
            }
            reader.assign(List.of(partition));
            // What was written before this worker's own first report does not count.
            reader.seekToEnd(List.of(partition));
            long unused = reader.position(partition, LOOK_UP_TIME);
            report(reader);
        } finally {
            reader.close(CloseOptions.timeout(CLOSE_TIME));
        }
    }

    /** Writes and reads until it is asked to end, or until reports do not come back any more. */
    private void report(org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> reader) {
        Producer<byte[], byte[]> writer = clients.writer().get();
        polled.set(reader);
        try {
            heardAt = nanoTime.getAsLong();
            sharedAt = heardAt;
            while (!retries.isStopped() && nanoTime.getAsLong() - heardAt < PATIENCE.toNanos()) {
                long begins = nanoTime.getAsLong();
                write(writer);
                models.next(nanoTime.getAsLong()).ifPresent(list -> publish(writer, list));
                poll(reader);
                if (nanoTime.getAsLong() - sharedAt >= divisionInterval()) {
                    share();
                }
                long took = nanoTime.getAsLong() - begins;
                // While the whole process stood still, no report could come back.
                heardAt += took > MAX_STEP.toNanos() ? took : 0;
            }
            if (!retries.isStopped()) {
                // The clients are made anew, as the topic may be. They would warn of a missing one every second.
                sayWhy(notWritten);
            } else {
                send(writer, null);
            }
        } finally {
            polled.set(null);
            writer.close(CLOSE_TIME);
        }
    }

    /** Reads until somebody says that there may be more to report, or until a report or a division is due. */
    private void poll(org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> reader) {
        long report = participant.nanosToNext() == 0 ? POLL.toNanos() : participant.nanosToNext();
        long division = divisionInterval() - (nanoTime.getAsLong() - sharedAt);
        long wait = Math.min(POLL.toNanos(), Math.min(report, division));
        try {
            reader.poll(Duration.ofNanos(Math.max(0, wait))).forEach(this::read);
        } catch (WakeupException woken) {
            // Nothing is lost: what was fetched comes with the next poll. First there may be something to report.
        }
    }

    /** Returns the time between two divisions. They go on without news, since turns end. */
    private long divisionInterval() {
        return hasNews ? LEAST_INTERVAL.multipliedBy(others.size() + 1L).toNanos() : POLL.toNanos();
    }

    private void read(ConsumerRecord<byte[], byte[]> record) {
        if (ModelsRecord.isKey(record.key())) {
            models.seen(nanoTime.getAsLong());
        } else {
            participant.read(record, nanoTime.getAsLong());
            hasNews = true;
        }
    }

    private void publish(Producer<byte[], byte[]> writer, byte[] list) {
        var unused = writer.send(new ProducerRecord<>(topic, 0, ModelsRecord.key(), list), (written, failure) -> {
            if (failure != null) {
                log.atWarn()
                        .addKeyValue("topic", topic)
                        .addKeyValue("reason", failure)
                        .log("List of models not written; the next one is due in an hour");
            }
        });
    }

    private void write(Producer<byte[], byte[]> writer) {
        participant
                .next(reports.get(), nanoTime.getAsLong())
                .ifPresent(report -> send(writer, WorkerReportJson.encode(report)));
    }

    private void send(Producer<byte[], byte[]> writer, byte @Nullable [] value) {
        byte[] key = name.getBytes(StandardCharsets.UTF_8);
        // A report that is not written is not read back, which shows soon enough.
        var unused =
                writer.send(new ProducerRecord<>(topic, 0, key, value), (written, failure) -> notWritten = failure);
    }

    /**
     * Tells what may be spent while it is known. What was told before ends by itself. A worker that is not cut off
     * reads its own reports each second.
     */
    private void share() {
        boolean isHeard = hasNews;
        hasNews = false;
        sharedAt = nanoTime.getAsLong();
        Optional<LentShares> lent = participant.shares(nanoTime.getAsLong());
        lent.filter(next -> !next.equals(told)).ifPresent(next -> {
            shares.accept(next);
            told = next;
        });
        if (lent.isPresent()) {
            heardAt = isHeard ? nanoTime.getAsLong() : heardAt;
            if (!trouble.isEmpty()) {
                log.atInfo().addKeyValue("topic", topic).log("Other workers are known; limits are shared by demand");
                trouble = "";
            }
        }
        others = lent.isPresent() ? Map.copyOf(participant.others(nanoTime.getAsLong())) : Map.of();
    }

    private String missing() {
        return "topic " + topic + " does not exist; run `sluice topics create`";
    }

    private void sayWhy(@Nullable Exception failure) {
        if (failure == null) {
            say("the worker's own reports do not come back");
        } else {
            say(failure, AclErrors.Right.WRITE);
        }
    }

    private void say(Exception failure, AclErrors.Right tried) {
        Optional<String> denied = AclErrors.words(failure, tried);
        if (denied.isPresent() && attempts == 1) {
            // The check at a worker's start has told of it.
            trouble = denied.get();
        } else {
            say(denied.orElseGet(failure::toString));
        }
    }

    private void say(String problem) {
        if (!trouble.equals(problem)) {
            trouble = problem;
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("reason", problem)
                    .log("Other workers are not known; only the part of each limit is spent that belongs to this"
                            + " worker's partitions");
        }
    }
}
