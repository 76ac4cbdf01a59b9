package dev.sluice;

import static dev.sluice.ReadFailures.Kind.BROKEN;
import static dev.sluice.ReadFailures.Kind.DENIED;
import static dev.sluice.ReadFailures.Kind.PASSING;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class ReadFailuresTest {
    private long nanos;
    private final ReadFailures failures = new ReadFailures(() -> nanos);

    @Test
    void tellsKafkasAbsenceFromDefects() {
        Map<ReadFailures.Kind, List<Throwable>> expected = Map.of(
                PASSING, List.of(new TimeoutException(), new CoordinatorNotAvailableException("x")),
                DENIED, List.of(new TopicAuthorizationException("t"), new SslAuthenticationException("s")),
                BROKEN, List.of(new KafkaException(), new OutOfMemoryError(), new ChatQueueException("gone")));

        expected.forEach((kind, all) -> assertThat(all)
                .allSatisfy(failure -> assertThat(ReadFailures.kind(failure)).isEqualTo(kind)));
        assertThat(ReadFailures.kind(new InterruptException("i"))).isEqualTo(PASSING);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void isHopelessOnlyIfNothingButDefectsHappenedForTenSeconds() {
        fail(BROKEN, 0);
        fail(BROKEN, 9_999);
        assertThat(failures.isHopeless()).isFalse();

        fail(PASSING, 60_000); // Kafka is away, whatever came before
        fail(BROKEN, 0);
        fail(BROKEN, 9_999);
        assertThat(failures.isHopeless()).isFalse();
        fail(BROKEN, 1);
        assertThat(failures.isHopeless()).isTrue();
    }

    @Test
    void deniedReadingIsNeverHopeless() {
        fail(DENIED, 0);
        fail(DENIED, 86_400_000);

        assertThat(failures.isHopeless()).isFalse();
    }

    @Test
    void isMendedByARecordOrByTime() {
        assertThat(failures.mendedBy(true)).isFalse();

        fail(DENIED, 0);
        assertThat(failures.mendedBy(false)).isFalse();
        assertThat(failures.mendedBy(true)).isTrue();

        fail(DENIED, 0);
        nanos += ReadFailures.MENDED_AFTER.toNanos() - 1;
        assertThat(failures.mendedBy(false)).isFalse();
        nanos++;
        assertThat(failures.mendedBy(false)).isTrue();
        assertThat(failures.mendedBy(false)).isFalse();
    }

    @Test
    void reportsEachKindOnceUntilReadingIsMended() {
        assertThat(failures.record(DENIED)).isTrue();
        assertThat(failures.record(PASSING)).isTrue();
        assertThat(failures.record(DENIED)).isFalse();
        assertThat(failures.mendedBy(true)).isTrue();
        assertThat(failures.record(DENIED)).isTrue();
    }

    private void fail(ReadFailures.Kind kind, long laterMillis) {
        nanos += Duration.ofMillis(laterMillis).toNanos();
        failures.record(kind);
    }
}
