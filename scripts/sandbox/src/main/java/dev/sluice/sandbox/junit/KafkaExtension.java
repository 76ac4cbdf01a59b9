package dev.sluice.sandbox.junit;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;

/**
 * A JUnit extension that provides one Kafka per test JVM. All test classes share it, and it closes after the last one:
 *
 * <pre>{@code
 *
 * @RegisterExtension
 * static final KafkaExtension kafka = new KafkaExtension();
 * }</pre>
 *
 * <p>Kafka runs in a container if Testcontainers is on the class path and a container engine answers. Otherwise it is
 * the sandbox's broker. {@code -Dsluice.test.kafka=embedded} or {@code =testcontainers} forces either. Neither creates
 * topics automatically.
 *
 * <p>Take every topic, group and transactional id from {@link #uniqueName}, because all tests share this Kafka. Tests
 * that stop or kill a broker use their own {@link dev.sluice.sandbox.SandboxBroker}. The class is thread-safe.
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
     * Returns the clients' {@code bootstrap.servers}.
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

    /**
     * Returns {@code base} and a suffix that no other call in this JVM has returned. The result is a legal topic name
     * if {@code base} is one.
     */
    public String uniqueName(String base) {
        return base + "-" + NAMES.incrementAndGet();
    }
}
