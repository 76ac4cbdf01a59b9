package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BatchLimitTest {
    private static final long MIB = 1 << 20;
    private static final long MOST = 16 * MIB;
    private static final long SMALLEST = 16 << 10;

    private final BatchLimit limit = new BatchLimit();

    @Test
    void doublesWhileFullTransactionsAreQuick() {
        assertThat(fullAt()).isEqualTo(MIB);
        commitFull(Duration.ofMillis(50), 3);

        assertThat(fullAt()).isEqualTo(8 * MIB);
        commitFull(Duration.ofMillis(50), 3);
        assertThat(fullAt()).isEqualTo(MOST);
    }

    @Test
    void aTransactionThatIsNotFullSaysNothing() {
        limit.committed(SMALLEST, 1);

        assertThat(fullAt()).isEqualTo(MIB);
    }

    @Test
    void halvesDownToOneSettlementAndGrowsAgainInSmallSteps() {
        for (int i = 0; i < 20; i++) {
            limit.aborted(fullAt());
        }
        assertThat(fullAt()).isEqualTo(SMALLEST);

        commitFull(Duration.ofMillis(50), 12);
        assertThat(fullAt()).isBetween(SMALLEST + 1, 3 * SMALLEST);
        commitFull(Duration.ofMillis(50), 110);
        assertThat(fullAt()).isEqualTo(MOST);
    }

    @Test
    void anAbortedTransactionThatWasSmallerThanTheLimitCountsAsItWas() {
        limit.aborted(4 * SMALLEST);

        assertThat(fullAt()).isEqualTo(2 * SMALLEST);
    }

    /** A thousand times the smallest transaction would take a thousand times as long. */
    @Test
    void aKafkaThatIsSlowWithEachTransactionGetsNoSmallOnes() {
        commitFull(Duration.ofMillis(50), 4);
        commitFull(Duration.ofSeconds(8), 30);
        assertThat(fullAt()).isEqualTo(MIB);

        commitFull(Duration.ofSeconds(2), 60);
        assertThat(fullAt()).isEqualTo(MOST);
    }

    private void commitFull(Duration took, int times) {
        for (int i = 0; i < times; i++) {
            limit.committed(fullAt(), took.toNanos());
        }
    }

    private long fullAt() {
        long low = 0;
        long high = 2 * MOST;
        while (low + 1 < high) {
            long middle = (low + high) / 2;
            if (limit.isFull(middle)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }
}
