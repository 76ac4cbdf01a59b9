package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PolledSnapshotTest {
    private final List<CompletableFuture<String>> asked = new ArrayList<>();
    private final PolledSnapshot<String> latest = new PolledSnapshot<>("before", this::ask, Duration.ofMillis(1));

    private CompletableFuture<String> ask() {
        asked.add(new CompletableFuture<>());
        return asked.get(asked.size() - 1);
    }

    @Test
    void aStageThatIsBusyIsAskedOnceAndItsLastWordHolds() {
        assertThat(latest.get()).isEqualTo("before");
        assertThat(latest.get()).isEqualTo("before");
        assertThat(asked).hasSize(1);

        asked.get(0).complete("first");

        assertThat(latest.get()).isEqualTo("first");
        assertThat(asked).hasSize(2);
        assertThat(latest.get()).isEqualTo("first");
        assertThat(asked).hasSize(2);
    }

    @Test
    void oneThatCannotAnswerIsAskedAgain() {
        assertThat(latest.get()).isEqualTo("before");
        asked.get(0).completeExceptionally(new IllegalStateException("a defect"));

        assertThat(latest.get()).isEqualTo("before");
        assertThat(asked).hasSize(2);
        asked.get(1).complete("mended");
        assertThat(latest.get()).isEqualTo("mended");
    }

    @Test
    void oneThatAnswersIsAskedEachTime() {
        PolledSnapshot<Integer> prompt = new PolledSnapshot<>(
                0, () -> CompletableFuture.completedFuture(asked.size() + 7), Duration.ofMillis(1));

        assertThat(prompt.get()).isEqualTo(7);
        asked.add(new CompletableFuture<>());
        assertThat(prompt.get()).isEqualTo(8);
    }
}
