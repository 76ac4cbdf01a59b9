package dev.sluice.sandbox.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KafkaChoiceTest {

    @Test
    void choosesAContainerIfAnEngineIsAvailable() {
        assertThat(KafkaChoice.of(null, () -> true)).isEqualTo(KafkaChoice.TESTCONTAINERS);
        assertThat(KafkaChoice.of("auto", () -> true)).isEqualTo(KafkaChoice.TESTCONTAINERS);
    }

    @Test
    void choosesTheSandboxBrokerWithoutAnEngine() {
        assertThat(KafkaChoice.of(null, () -> false)).isEqualTo(KafkaChoice.EMBEDDED);
        assertThat(KafkaChoice.of("auto", () -> false)).isEqualTo(KafkaChoice.EMBEDDED);
    }

    @Test
    void takesAForcedChoiceWithoutCheckingForAnEngine() {
        assertThat(KafkaChoice.of("embedded", KafkaChoiceTest::notCalled)).isEqualTo(KafkaChoice.EMBEDDED);
        assertThat(KafkaChoice.of("testcontainers", KafkaChoiceTest::notCalled)).isEqualTo(KafkaChoice.TESTCONTAINERS);
    }

    @Test
    void refusesAnUnknownChoice() {
        assertThatThrownBy(() -> KafkaChoice.of("docker", KafkaChoiceTest::notCalled))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("-Dsluice.test.kafka=docker: must be auto, embedded or testcontainers");
    }

    private static boolean notCalled() {
        throw new AssertionError("asked for a container engine");
    }
}
