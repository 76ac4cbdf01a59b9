package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.worker.Requests;
import dev.sluice.worker.pace.LaneState.Flow;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LaneStateTest {
    private final VirtualTime time = new VirtualTime();
    private final Lane lane = new Lane(
            "m",
            ConfiguredLimit.parse("10/s"),
            time,
            new LimitShare(1, 2),
            new AllLanes(new CallSlots(1_000_000), Map.of()));

    @Test
    void flowsWhileNothingWaits() {
        assertThat(lane.state("m", true).flow()).isEqualTo(Flow.FLOWING);
        assertThat(lane.state("m", true).requests().limit()).hasValue(5);
        assertThat(lane.state("m", true).tokens().limit()).isEmpty();
    }

    @Test
    void isLimitedWhileRequestsWaitForTheRate() {
        add(100);
        for (int i = 0; i < 100; i++) {
            time.pass(Duration.ofMillis(10));
            end(lane.poll(), CallFeedback.PASSED.with(Optional.of(new TokenUsage(30, 70))));
        }

        LaneState state = lane.state("m", true);

        assertThat(state.flow()).isEqualTo(Flow.LIMITED);
        assertThat(state.reason()).isEmpty();
        assertThat(state.requests().perSecond()).isBetween(3.0, 5.0);
        assertThat(state.tokens().perSecond()).isCloseTo(100 * state.requests().perSecond(), within(1e-6));
        assertThat(state.waiting()).isBetween(95, 97);
        assertThat(state.inFlight()).isZero();
    }

    @Test
    void isFullWhileRequestsWaitForCallsOfAnyLaneToEnd() {
        Lane unpaced = new Lane(
                "m", ConfiguredLimit.NONE, time, LimitShare.ALL, new AllLanes(new CallSlots(1_000_000), Map.of()));
        assertThat(unpaced.state("m", false).flow()).as("nothing waits").isEqualTo(Flow.FLOWING);

        unpaced.add(Requests.ofModel("m").build());

        assertThat(unpaced.state("m", false).flow()).isEqualTo(Flow.FULL);
        assertThat(unpaced.state("m", true).flow()).isEqualTo(Flow.FLOWING);
    }

    @Test
    void isFullWhileRequestsWaitForTheFewCallsAllowedAfterFailures() {
        Lane unpaced = new Lane(
                "m", ConfiguredLimit.NONE, time, LimitShare.ALL, new AllLanes(new CallSlots(1_000_000), Map.of()));
        for (int i = 0; i < 10; i++) {
            unpaced.add(Requests.ofModel("m").at(i).build());
        }
        InFlightCall fails = unpaced.poll();
        for (int i = 0; i < 3; i++) {
            unpaced.poll();
        }
        time.pass(Duration.ofMillis(100));

        unpaced.ended(fails, CallFeedback.failed(FailureKind.SERVER, "503", false));
        time.pass(Duration.ofMinutes(1));

        assertThat(unpaced.poll()).isNull();
        assertThat(unpaced.state("m", true).flow()).isEqualTo(Flow.FULL);
    }

    @Test
    void isLimitedIfMoreRoomWouldNotHelp() {
        add(2);
        end(next(), CallFeedback.PASSED);

        assertThat(lane.poll()).isNull();
        assertThat(lane.state("m", false).flow()).isEqualTo(Flow.LIMITED);
    }

    @Test
    void isOpenAfterFailuresOfTheApiAndFlowsAgainAfterAProbe() {
        add(100);
        for (int i = 0; i < 3; i++) {
            end(next(), CallFeedback.failed(FailureKind.SERVER, "503", false));
        }

        assertThat(lane.state("m", true).flow()).isEqualTo(Flow.OPEN);
        assertThat(lane.state("m", true).reason()).isEqualTo("503");

        InFlightCall probe = next();
        assertThat(lane.state("m", true).flow()).as("while probing").isEqualTo(Flow.OPEN);
        assertThat(lane.state("m", true).inFlight()).isEqualTo(1);
        end(probe, CallFeedback.PASSED);

        assertThat(lane.state("m", true).flow()).isEqualTo(Flow.LIMITED);
    }

    @Test
    void isHeldWhileTheApiServesNobody() {
        add(1);

        end(next(), CallFeedback.blocked("401 invalid_api_key"));

        assertThat(lane.state("m", true).flow()).isEqualTo(Flow.HELD);
        assertThat(lane.state("m", true).reason()).startsWith("401");
    }

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            lane.add(Requests.ofModel("m").at(i).build());
        }
    }

    private InFlightCall next() {
        for (int i = 0; i < 1_000; i++) {
            InFlightCall sent = lane.poll();
            if (sent != null) {
                return sent;
            }
            time.pass(Duration.ofMillis(100));
        }
        throw new AssertionError("nothing was sent");
    }

    private void end(@Nullable InFlightCall sent, CallFeedback feedback) {
        if (sent != null) {
            lane.ended(sent, feedback);
        }
    }
}
