package dev.sluice.sandbox.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KafkaChoiceTest {

    @Test
    void takesAContainerWhereAnEngineAnswers() {
        assertThat(KafkaChoice.of(null, () -> true)).isEqualTo(KafkaChoice.TESTCONTAINERS);
        assertThat(KafkaChoice.of("auto", () -> true)).isEqualTo(KafkaChoice.TESTCONTAINERS);
    }

    @Test
    void takesTheSandboxWhereNoneDoes() {
        assertThat(KafkaChoice.of(null, () -> false)).isEqualTo(KafkaChoice.EMBEDDED);
        assertThat(KafkaChoice.of("auto", () -> false)).isEqualTo(KafkaChoice.EMBEDDED);
    }

    @Test
    void takesWhatIsForcedWithoutAsking() {
        assertThat(KafkaChoice.of("embedded", KafkaChoiceTest::notAsked)).isEqualTo(KafkaChoice.EMBEDDED);
        assertThat(KafkaChoice.of("testcontainers", KafkaChoiceTest::notAsked)).isEqualTo(KafkaChoice.TESTCONTAINERS);
    }

    @Test
    void refusesAnythingElse() {
        assertThatThrownBy(() -> KafkaChoice.of("docker", KafkaChoiceTest::notAsked))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("-Dsluice.test.kafka=docker: must be auto, embedded or testcontainers");
    }

    private static boolean notAsked() {
        throw new AssertionError("asked for a container engine");
    }
}
