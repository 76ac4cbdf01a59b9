package dev.sluice.worker.observe;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/** The meters that Kafka's clients keep of themselves. Thread-safe. */
public final class KafkaMeters implements AutoCloseable {
    /** Clients get new meters as they meet brokers and partitions. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(15);

    private final MeterRegistry registry;
    private final boolean on;
    private @Nullable Binding consumer;
    private @Nullable Binding producer;

    /** One client's meters, looked for by a thread of their own: it ends with them, or would hold the client for ever. */
    private static final class Binding implements AutoCloseable {
        private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "sluice-kafka-meters");
            thread.setDaemon(true);
            return thread;
        });
        private final KafkaClientMetrics metrics;

        Binding(Function<ScheduledExecutorService, KafkaClientMetrics> metrics, MeterRegistry registry) {
            this.metrics = metrics.apply(scheduler);
            this.metrics.bindTo(registry);
        }

        @Override
        public void close() {
            scheduler.shutdownNow();
            metrics.close();
        }
    }

    KafkaMeters(MeterRegistry registry, boolean on) {
        this.registry = registry;
        this.on = on;
    }

    /**
     * What nobody needs of each partition: all but its lag, and a second time under its topic's name with underscores, as
     * Kafka 4 has it for topics with a dot, which all of ours have. And what a producer keeps of each topic: there may be
     * as many as requests name reply topics.
     */
    static boolean isNoise(Meter.Id id) {
        String topic = id.getTag("topic");
        return id.getName().startsWith("kafka.")
                && topic != null
                && (id.getName().startsWith("kafka.producer.topic.")
                        || !topic.contains(".")
                        || (id.getTag("partition") != null && !id.getName().endsWith(".records.lag")));
    }

    /** Shows this consumer's meters, and those of no other any more. */
    public synchronized Consumer<byte[], byte[]> watch(Consumer<byte[], byte[]> fresh) {
        if (on) {
            close(consumer);
            consumer = new Binding(
                    scheduler -> new KafkaClientMetrics(fresh, Tags.empty(), scheduler, LOOK_AGAIN), registry);
        }
        return fresh;
    }

    /** Shows this producer's meters, and those of no other any more: it has replaced the one before, under its name. */
    public synchronized Producer<byte[], byte[]> watch(Producer<byte[], byte[]> fresh) {
        if (on) {
            close(producer);
            producer = new Binding(
                    scheduler -> new KafkaClientMetrics(fresh, Tags.empty(), scheduler, LOOK_AGAIN), registry);
        }
        return fresh;
    }

    private static void close(@Nullable Binding old) {
        if (old != null) {
            old.close();
        }
    }

    @Override
    public synchronized void close() {
        close(consumer);
        close(producer);
    }
}
