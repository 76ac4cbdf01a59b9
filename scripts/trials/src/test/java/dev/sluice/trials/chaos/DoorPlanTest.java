package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.chaos.DoorPlan.ClientKind;
import dev.sluice.trials.chaos.DoorPlan.StrikeKind;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DoorPlanTest {
    @Test
    void everythingFollowsFromTheSeed() {
        assertThat(DoorPlan.of(1, 100, 25, 8, 2_000)).isEqualTo(DoorPlan.of(1, 100, 25, 8, 2_000));
        assertThat(DoorPlan.of(1, 100, 25, 8, 2_000)).isNotEqualTo(DoorPlan.of(2, 100, 25, 8, 2_000));
    }

    @Test
    void eachKindOfStrikeComesOnceBeforeAnyComesAgain() {
        DoorPlan plan = DoorPlan.of(3, 100, 25, 8, 2_000);

        assertThat(plan.strikes().subList(0, 5))
                .extracting(DoorPlan.Strike::kind)
                .containsExactlyInAnyOrder(StrikeKind.values());
        assertThat(plan.strikes()).extracting(DoorPlan.Strike::atMillis).contains(3_000L, 17_000L);
        assertThat(plan.clients()).hasSize(100).contains(ClientKind.values());
    }

    @Test
    void requestsStillWaitWhenTheLastStrikeComes() {
        assertThat(DoorPlan.perSecond(1_000, 12, 6_000) * 69L).isLessThan(1_000);
    }

    @Test
    void hostileRequestsFollowFromTheirSeedToo() {
        HostileRequests one = new HostileRequests(new Random(5), "file-1");
        HostileRequests same = new HostileRequests(new Random(5), "file-1");
        int good = 0;
        for (int i = 0; i < 2_000; i++) {
            HostileRequests.HostileRequest request = one.next();

            assertThat(request.text()).isEqualTo(same.next().text());
            assertThat(request.text().startsWith("POST /v1/chat/completions HTTP/1.1\r\n") || !request.isGood())
                    .isTrue();
            good += request.isGood() ? 1 : 0;
        }
        assertThat(good).isBetween(150, 250);
    }
}
