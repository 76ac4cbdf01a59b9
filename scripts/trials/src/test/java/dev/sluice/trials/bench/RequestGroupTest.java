package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RequestGroupTest {
    private final RequestTimes times = new RequestTimes(3);
    private final RequestGroup group =
            new RequestGroup(times, IntStream.of(times.publish(1_000, 0), times.publish(1_100, 0)));

    @Test
    void isAnsweredWhenEachOfItsRequestsIs() {
        int third = times.publish(900, 0);
        times.replied(RequestTimes.id(third), true, 1_500);
        times.replied(RequestTimes.id(1), true, 2_000);
        assertThat(group.isAnswered()).isFalse();
        assertThat(group.answered()).isEqualTo(1);

        times.replied(RequestTimes.id(0), true, 3_000);

        assertThat(group.isAnswered()).as("the third belongs to others").isTrue();
        assertThat(group.publishedAt()).isEqualTo(1_000);
        assertThat(group.firstReply()).isEqualTo(2_000);
        assertThat(group.lastReply()).isEqualTo(3_000);
    }

    @Test
    void repliesCountFromTheStartOfEach() {
        times.replied(RequestTimes.id(0), true, 3_000);
        times.replied(RequestTimes.id(1), true, 2_000);

        Percentiles after = group.repliedAfter(place -> place == 0 ? 2_500 : 1_990);

        assertThat(after.count()).isEqualTo(2);
        assertThat(after.at(0)).isEqualTo(10);
        assertThat(after.at(100)).isEqualTo(500);
    }

    @Test
    void callsAreFoundByTheirPlaceInTheGroup() {
        RequestGroup later = new RequestGroup(times, IntStream.of(1));
        times.called(1, 1, 1_700);

        assertThat(later.firstCall(place -> place == 0)).hasValue(1_700);
        assertThat(later.firstCall(place -> place == 1)).isEmpty();
        assertThat(group.firstCall(place -> place == 0)).as("not called").isEmpty();
    }

    @Test
    void whatHasNotHappenedHasNoTime() {
        assertThat(group.lastReply()).isZero();
        assertThat(group.repliedAfter(number -> 0).count()).isZero();
        assertThatThrownBy(group::firstReply).hasMessageContaining("nothing has happened");
    }
}
