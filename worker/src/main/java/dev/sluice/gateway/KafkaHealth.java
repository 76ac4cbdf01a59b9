package dev.sluice.gateway;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;

/**
 * Asks Kafka every few seconds for the topics that a door needs, so that a probe has its answer without waiting.
 * Thread-safe.
 */
public final class KafkaHealth implements GatewayHealth, AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final int TIMEOUT_MILLIS = 5_000;

    private final Admin admin;
    private final List<String> topics;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread probing = new Thread(task, "sluice-gateway-health");
        probing.setDaemon(true);
        return probing;
    });
    private volatile List<String> problems = List.of("Kafka was not asked yet");

    /** Makes probes that have not started. The admin client stays the caller's. */
    public KafkaHealth(Admin admin, List<String> topics) {
        this.admin = admin;
        this.topics = List.copyOf(topics);
    }

    /** Asks once, waits for the answer, and goes on asking. */
    public KafkaHealth start() {
        probe();
        var unused = thread.scheduleWithFixedDelay(
                this::probe, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        return this;
    }

    private void probe() {
        try {
            admin.describeTopics(topics, new DescribeTopicsOptions().timeoutMs(TIMEOUT_MILLIS))
                    .allTopicNames()
                    .get();
            problems = List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) { // the thread's backstop: a probe that has failed must not be the last one
            problems = List.of("Kafka does not show the topics " + String.join(", ", topics) + ": " + e.getMessage());
        }
    }

    @Override
    public List<String> problems() {
        return problems;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
