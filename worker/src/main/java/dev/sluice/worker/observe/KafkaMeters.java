package dev.sluice.worker.observe;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/** The meters that Kafka's clients keep of themselves. Thread-safe. */
public final class KafkaMeters implements AutoCloseable {
    /** Clients get new meters as they meet brokers and partitions. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(15);

    private final MeterRegistry registry;
    private final boolean on;
    private @Nullable KafkaClientMetrics consumer;
    private @Nullable KafkaClientMetrics producer;
    private @Nullable ScheduledExecutorService scheduler;

    KafkaMeters(MeterRegistry registry, boolean on) {
        this.registry = registry;
        this.on = on;
    }

    /**
     * What nobody needs of each partition: all but its lag, and a second time under its topic's name with underscores, as
     * Kafka 4 has it for topics with a dot, which all of ours have.
     */
    static boolean isNoise(Meter.Id id) {
        String topic = id.getTag("topic");
        return id.getName().startsWith("kafka.")
                && topic != null
                && (!topic.contains(".")
                        || (id.getTag("partition") != null && !id.getName().endsWith(".records.lag")));
    }

    /** Shows this consumer's meters, and those of no other any more. */
    public synchronized Consumer<byte[], byte[]> watch(Consumer<byte[], byte[]> fresh) {
        if (on) {
            close(consumer);
            consumer = new KafkaClientMetrics(fresh, Tags.empty(), scheduler(), LOOK_AGAIN);
            consumer.bindTo(registry);
        }
        return fresh;
    }

    /** Shows this producer's meters, and those of no other any more: it has replaced the one before, under its name. */
    public synchronized Producer<byte[], byte[]> watch(Producer<byte[], byte[]> fresh) {
        if (on) {
            close(producer);
            producer = new KafkaClientMetrics(fresh, Tags.empty(), scheduler(), LOOK_AGAIN);
            producer.bindTo(registry);
        }
        return fresh;
    }

    private ScheduledExecutorService scheduler() {
        ScheduledExecutorService present = scheduler;
        if (present == null) {
            present = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "sluice-kafka-meters");
                thread.setDaemon(true);
                return thread;
            });
            scheduler = present;
        }
        return present;
    }

    private static void close(@Nullable KafkaClientMetrics old) {
        if (old != null) {
            old.close();
        }
    }

    @Override
    public synchronized void close() {
        if (scheduler != null) {
            scheduler.shutdownNow();
        }
        close(consumer);
        close(producer);
    }
}
