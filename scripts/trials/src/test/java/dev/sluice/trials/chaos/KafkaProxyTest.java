package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class KafkaProxyTest {
    private static final OptionalInt FOR_CLIENTS = OptionalInt.empty();

    @Test
    void brokersAreToldApartByTheirClientIds() {
        assertThat(KafkaProxy.nodeOf("2")).hasValue(2);
        assertThat(KafkaProxy.nodeOf("raft-client-3")).hasValue(3);
        assertThat(KafkaProxy.nodeOf("broker-1-fetcher-0")).hasValue(1);
        assertThat(KafkaProxy.nodeOf("")).isEmpty();
    }

    @Test
    void anIsolatedBrokerReachesOnlyItselfAndItsClients() {
        try (KafkaProxy proxy = new KafkaProxy()) {
            proxy.isolate(2);

            assertThat(proxy.isHeld("broker-2-fetcher-0", OptionalInt.of(1))).isTrue();
            assertThat(proxy.isHeld("raft-client-1", OptionalInt.of(2))).isTrue();
            assertThat(proxy.isHeld("2", OptionalInt.of(2))).isFalse();
            assertThat(proxy.isHeld("broker-1-fetcher-0", OptionalInt.of(3))).isFalse();
            assertThat(proxy.isHeld("w2-1", FOR_CLIENTS)).isFalse();

            proxy.rejoin(2);

            assertThat(proxy.isHeld("broker-2-fetcher-0", OptionalInt.of(1))).isFalse();
            assertThat(proxy.isHeld("raft-client-1", OptionalInt.of(2))).isFalse();
        }
    }

    @Test
    void aWorkerThatIsCutOffReachesNoBroker() {
        try (KafkaProxy proxy = new KafkaProxy()) {
            proxy.cutOff("w2-1");

            assertThat(proxy.isHeld("w2-1", FOR_CLIENTS)).isTrue();
            assertThat(proxy.isHeld("w1-1", FOR_CLIENTS)).isFalse();

            proxy.reconnect("w2-1");

            assertThat(proxy.isHeld("w2-1", FOR_CLIENTS)).isFalse();
        }
    }
}
