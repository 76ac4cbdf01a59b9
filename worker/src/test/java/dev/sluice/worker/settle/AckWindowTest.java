package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.settle.AckWindow.Snapshot;
import org.junit.jupiter.api.Test;

class AckWindowTest {
    private final AckWindow window = new AckWindow(10, AckRuns.NONE);

    @Test
    void aFreshWindowHasNothingToCommit() {
        assertThat(window.needsCommit()).isFalse();
        assertThat(window.stage()).isEqualTo(new Snapshot(10, ""));
    }

    @Test
    void theLowestOpenOffsetIsCommittedWithTheDoneRunsAboveIt() {
        register(10, 11, 12, 13);

        assertThat(window.stage(13, 11)).isEqualTo(snapshot(10, 11, 12, 13, 14));
    }

    @Test
    void aCommittedOffsetIsNeverOpenAgain() {
        register(10, 11);
        window.commit(window.stage(11));

        assertThatThrownBy(() -> window.stage(11)).hasMessage("offset 11 is not registered and open");
        assertThat(window.stage(10)).isEqualTo(new Snapshot(12, ""));
    }

    @Test
    void anAbortedSnapshotLeavesNoTrace() {
        register(10, 11, 12);
        Snapshot first = window.stage(10, 12);
        window.abort(first);

        assertThat(window.needsCommit()).isFalse();
        assertThat(window.stage(11)).isEqualTo(snapshot(10, 11, 12));
    }

    @Test
    void aMarkerBehindTheLastRecordIsCommittedToo() {
        register(10);
        window.commit(window.stage(10));
        assertThat(window.needsCommit()).isFalse();

        window.reachedPosition(12);
        assertThat(window.needsCommit()).isTrue();
        window.commit(window.stage());

        assertThat(window.needsCommit()).isFalse();
        assertThat(window.stage()).isEqualTo(new Snapshot(12, ""));
    }

    @Test
    void aMarkerAboveAnOpenOffsetIsNoReasonToCommit() {
        register(10);
        window.reachedPosition(12);

        assertThat(window.needsCommit()).isFalse();
        assertThat(window.stage()).isEqualTo(snapshot(10, 11, 12));
    }

    @Test
    void aGapIsDone() {
        register(12, 20);

        assertThat(window.needsCommit()).isTrue();
        assertThat(window.stage(12)).isEqualTo(new Snapshot(20, ""));
    }

    @Test
    void anOffsetThatWasDoneBeforeACrashIsSkipped() {
        AckWindow restored = new AckWindow(10, AckRuns.of(11, 13, 14, 15));

        assertThat(restored.stage()).isEqualTo(snapshot(10, 11, 13, 14, 15));
        assertThat(restored.register(10)).isTrue();
        assertThat(restored.register(11)).isFalse();
        assertThat(restored.register(12)).isFalse();
        assertThat(restored.register(13)).isTrue();
        assertThat(restored.register(14)).isFalse();
        assertThat(restored.register(15)).isTrue();
    }

    @Test
    void anOffsetThatHasVanishedSinceACrashIsDone() {
        AckWindow restored = new AckWindow(10, AckRuns.of(11, 13, 14, 15));

        restored.reachedPosition(14);

        assertThat(restored.needsCommit()).isTrue();
        assertThat(restored.stage()).isEqualTo(new Snapshot(15, ""));
    }

    @Test
    void anOffsetNotReadAgainYetCannotBeStaged() {
        AckWindow restored = new AckWindow(10, AckRuns.of(11, 13));

        assertThatThrownBy(() -> restored.stage(10)).hasMessage("offset 10 is not registered and open");
    }

    @Test
    void aCommitLeavesOffsetsRegisteredMeanwhileOpen() {
        register(10);
        Snapshot snapshot = window.stage(10);
        register(11);
        window.reachedPosition(13);
        window.commit(snapshot);

        assertThat(window.needsCommit()).isFalse();
        assertThat(window.stage(11)).isEqualTo(new Snapshot(13, ""));
    }

    @Test
    void defectsAreRefused() {
        register(10, 11);
        Snapshot staged = window.stage(10);

        assertThatThrownBy(() -> window.stage(11)).hasMessageStartingWith("staged already");
        assertThatThrownBy(() -> window.commit(new Snapshot(1, ""))).hasMessageStartingWith("not staged");
        window.abort(staged);
        assertThatThrownBy(() -> window.abort(staged)).hasMessageStartingWith("not staged");
        assertThatThrownBy(() -> window.stage(10, 10)).hasMessage("offset 10 is staged twice");
        assertThatThrownBy(() -> window.stage(12)).hasMessage("offset 12 is not registered and open");
        assertThatThrownBy(() -> window.register(11)).hasMessage("position moves back from 12 to 11");
        assertThatThrownBy(() -> window.reachedPosition(11)).hasMessage("position moves back from 12 to 11");
        assertThatThrownBy(() -> new AckWindow(5, AckRuns.of(5, 6))).hasMessage("position 5 is not below [5,6)");
        assertThat(window.stage(10)).isEqualTo(staged);
    }

    private void register(long... offsets) {
        for (long offset : offsets) {
            assertThat(window.register(offset)).isTrue();
        }
    }

    private static Snapshot snapshot(long committed, long... runs) {
        return new Snapshot(committed, AckRuns.of(runs).encode(committed));
    }
}
