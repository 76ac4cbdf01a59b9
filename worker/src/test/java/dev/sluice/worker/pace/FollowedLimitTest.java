package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.pool.Rejections;
import org.junit.jupiter.api.Test;

class FollowedLimitTest {
    private final FollowedLimit limit = new FollowedLimit();

    @Test
    void rejectionsOfTheSameEpochAddUp() {
        limit.begin(3, 0, 100);
        limit.rejected(110, 20);
        limit.rejected(120, 18);
        limit.rejected(130, 19);

        assertThat(limit.rejections()).isEqualTo(new Rejections(3, 3, 18));
    }

    @Test
    void aCallThatBeganBeforeTheEpochBelongsToTheOneBefore() {
        limit.begin(3, 0, 100);
        limit.rejected(90, 20);

        assertThat(limit.rejections()).isEqualTo(new Rejections(2, 1, 20));
    }

    @Test
    void aLateRejectionDoesNotHideOneOfThePresentEpoch() {
        limit.begin(3, 0, 100);
        limit.rejected(110, 20);
        limit.rejected(90, 40);

        assertThat(limit.rejections()).isEqualTo(new Rejections(3, 1, 20));
    }

    @Test
    void whatOthersSpentIsKnownForTheEpochBefore() {
        limit.begin(3, 30, 100);
        limit.follow(4, 9, 200);
        limit.follow(4, 8, 250);

        assertThat(limit.othersAt(190)).isEqualTo(30);
        assertThat(limit.othersAt(210)).isEqualTo(8);
    }

    @Test
    void anotherPilotMayHaveALowerEpoch() {
        limit.begin(9, 0, 100);
        limit.rejected(110, 20);
        limit.follow(2, 0, 200);
        assertThat(limit.rejections()).as("what is known").isEqualTo(new Rejections(9, 1, 20));

        limit.rejected(210, 30);

        assertThat(limit.rejections()).isEqualTo(new Rejections(2, 1, 30));
    }
}
