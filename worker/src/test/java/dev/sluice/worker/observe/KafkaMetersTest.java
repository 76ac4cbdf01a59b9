package dev.sluice.worker.observe;

import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Duration;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.Test;

class KafkaMetersTest {
    private static final Duration BOUND = Duration.ofSeconds(10);

    /** A worker makes one producer after another while its broker is away. */
    @Test
    void nothingHoldsAProducerThatWasReplaced() {
        KafkaMeters meters = new KafkaMeters(new SimpleMeterRegistry(), true);
        WeakReference<Producer<byte[], byte[]>> replaced = new WeakReference<>(meters.watch(new MockProducer<>()));

        meters.watch(new MockProducer<>()).close();

        await().atMost(BOUND).until(() -> {
            System.gc();
            return replaced.get() == null;
        });
        meters.close();
    }
}
