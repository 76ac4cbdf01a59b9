package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CommitProgressTest {
    private long now = -5;
    private final CommitProgress progress = new CommitProgress(() -> now);

    @Test
    void commitsDoNotGetThroughAfterSomeSecondsWithoutOne() {
        pass(Duration.ofSeconds(5));
        assertThat(progress.stalledFor()).isEmpty();

        pass(Duration.ofSeconds(1));
        assertThat(progress.stalledFor()).contains(Duration.ofSeconds(6));

        progress.committed(0);
        assertThat(progress.stalledFor()).isEmpty();
    }

    @Test
    void aSlowKafkaIsNotTakenForOneThatIsAway() {
        pass(Duration.ofSeconds(8));
        progress.committed(Duration.ofSeconds(8).toNanos());

        pass(Duration.ofSeconds(12));

        assertThat(progress.stalledFor()).isEmpty();
    }

    @Test
    void aCommitForItsOwnSakeIsNeededOnlyIfThereWasNoOther() {
        pass(Duration.ofSeconds(2));
        assertThat(progress.needsProbe()).isTrue();

        progress.proven();
        assertThat(progress.needsProbe()).isFalse();
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }
}
