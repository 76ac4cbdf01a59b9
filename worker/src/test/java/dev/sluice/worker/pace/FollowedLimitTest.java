package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.pool.Rejections;
import org.junit.jupiter.api.Test;

class FollowedLimitTest {
    private final FollowedLimit limit = new FollowedLimit();

    @Test
    void rejectionsOfTheSameEpochAddUp() {
        limit.begin(3, 100);
        limit.rejected(110, 20);
        limit.rejected(120, 18);
        limit.rejected(130, 19);

        assertThat(limit.rejections()).isEqualTo(new Rejections(3, 3, 18));
    }

    @Test
    void aCallThatBeganBeforeTheEpochBelongsToTheOneBefore() {
        limit.begin(3, 100);
        limit.rejected(90, 20);

        assertThat(limit.rejections()).isEqualTo(new Rejections(2, 1, 20));
    }

    @Test
    void aLateRejectionDoesNotHideOneOfThePresentEpoch() {
        limit.begin(3, 100);
        limit.rejected(110, 20);
        limit.rejected(90, 40);

        assertThat(limit.rejections()).isEqualTo(new Rejections(3, 1, 20));
    }

    @Test
    void anotherPilotMayHaveALowerEpoch() {
        limit.begin(9, 100);
        limit.rejected(110, 20);
        limit.follow(2, 200);
        assertThat(limit.rejections()).as("what is known").isEqualTo(new Rejections(9, 1, 20));

        limit.rejected(210, 30);

        assertThat(limit.rejections()).isEqualTo(new Rejections(2, 1, 30));
    }
}
