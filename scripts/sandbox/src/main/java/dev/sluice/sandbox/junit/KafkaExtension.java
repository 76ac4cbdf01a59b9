package dev.sluice.sandbox.junit;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;

/**
 * A Kafka for tests, one per test JVM, shared by all test classes and closed after the last:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final KafkaExtension kafka = new KafkaExtension();
 * }</pre>
 *
 * <p>It is a container where Testcontainers is on the class path and a container engine answers, and the sandbox's broker
 * otherwise; {@code -Dsluice.test.kafka=embedded} or {@code =testcontainers} forces either. Both make no topics by
 * themselves. Tests share it with all others, so take every topic, group and transactional id from {@link #uniqueName};
 * tests that stop or kill a broker use a {@link dev.sluice.sandbox.SandboxBroker} of their own. Thread-safe.
 */
public final class KafkaExtension implements BeforeAllCallback {
    private static final Namespace NAMESPACE = Namespace.create(KafkaExtension.class);
    private static final AtomicInteger NAMES = new AtomicInteger();

    private volatile @Nullable RunningKafka kafka;

    @Override
    public void beforeAll(ExtensionContext context) {
        kafka = context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
                .computeIfAbsent(RunningKafka.class, key -> RunningKafka.start(), RunningKafka.class);
    }

    /**
     * What clients set as {@code bootstrap.servers}.
     *
     * @throws IllegalStateException before the first test class has begun, or if the field is not static
     */
    public String bootstrapServers() {
        RunningKafka running = kafka;
        if (running == null) {
            throw new IllegalStateException(
                    "Kafka is not running yet; is the @RegisterExtension field of KafkaExtension static?");
        }
        return running.bootstrapServers();
    }

    /** {@code base} and a suffix that no other call in this JVM has returned: a legal topic name if {@code base} is. */
    public String uniqueName(String base) {
        return base + "-" + NAMES.incrementAndGet();
    }
}
