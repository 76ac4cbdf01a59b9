package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeapHeadroomTest {
    private final Deque<Double> uses = new ArrayDeque<>();
    private Duration waited = Duration.ZERO;
    private final HeapHeadroom headroom = new HeapHeadroom(this::use, nanos -> waited = waited.plusNanos(nanos));

    @Test
    void doesNotWaitIfTheHeapIsMostlyFree() {
        uses.add(0.2);

        assertThat(headroom.await()).isTrue();
        assertThat(waited).isZero();
    }

    @Test
    void waitsForMemoryToBecomeFree() {
        uses.addAll(List.of(0.9, 0.7, 0.4));

        assertThat(headroom.await()).isTrue();
        assertThat(waited).isBetween(Duration.ofMillis(1), Duration.ofSeconds(2));
    }

    @Test
    void givesUpOnAHeapThatStaysFull() {
        uses.add(0.6);

        assertThat(headroom.await()).isFalse();
        assertThat(waited).isBetween(Duration.ofMillis(1), Duration.ofSeconds(2));
    }

    /** Returns the next value, and the last value again and again. */
    private double use() {
        return uses.size() > 1 ? uses.remove() : uses.element();
    }
}
