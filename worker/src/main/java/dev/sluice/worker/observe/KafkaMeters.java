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

/** Shows the meters that Kafka's clients keep of themselves. Thread-safe. */
public final class KafkaMeters implements AutoCloseable {
    /** The interval of looking for new meters, which clients add as they meet brokers and partitions. */
    private static final Duration REFRESH_INTERVAL = Duration.ofSeconds(15);

    private final MeterRegistry registry;
    private final boolean on;
    private @Nullable Binding consumer;
    private @Nullable Binding producer;

    /** The meters of one client. Their thread ends with them; a shared one would keep the client in memory for ever. */
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
     * Returns whether a meter is left out. Of each partition only the lag is kept. Kafka 4 registers the meters of a
     * topic with a dot in its name, which all of ours have, a second time with underscores; these duplicates are left
     * out. So are a producer's meters of each topic, since requests may name any number of reply topics.
     */
    static boolean isNoise(Meter.Id id) {
        String topic = id.getTag("topic");
        return id.getName().startsWith("kafka.")
                && topic != null
                && (id.getName().startsWith("kafka.producer.topic.")
                        || !topic.contains(".")
                        || (id.getTag("partition") != null && !id.getName().endsWith(".records.lag")));
    }

    /** Shows this consumer's meters from now on, in place of those of the consumer before. */
    public synchronized Consumer<byte[], byte[]> watch(Consumer<byte[], byte[]> client) {
        if (on) {
            close(consumer);
            consumer = new Binding(
                    scheduler -> new KafkaClientMetrics(client, Tags.empty(), scheduler, REFRESH_INTERVAL), registry);
        }
        return client;
    }

    /** Shows this producer's meters from now on, in place of those of the producer that it has replaced. */
    public synchronized Producer<byte[], byte[]> watch(Producer<byte[], byte[]> client) {
        if (on) {
            close(producer);
            producer = new Binding(
                    scheduler -> new KafkaClientMetrics(client, Tags.empty(), scheduler, REFRESH_INTERVAL), registry);
        }
        return client;
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
