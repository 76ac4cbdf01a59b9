package dev.sluice.trials.chaos.plan;

import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChaosPlanTest {
    private static final List<FaultKind> ALL = List.of(FaultKind.values());

    private static ChaosPlan plan(long seed) {
        return ChaosPlan.of(seed, 2_000, 4, 10, 10_000, ALL);
    }

    @Test
    void theSameSeedMakesTheSamePlan() {
        assertThat(plan(42)).isEqualTo(plan(42));
        assertThat(plan(42).requests()).isNotEqualTo(plan(43).requests());
    }

    @Test
    void theMixHasEveryKindOfRequest() {
        assertThat(plan(1).requests())
                .hasSize(2_000)
                .extracting(PlannedRequest::kind)
                .containsAll(EnumSet.allOf(RequestKind.class));
    }

    @Test
    void aPartOfTheRequestsIsExpressWhateverTheirKind() {
        List<PlannedRequest> requests = plan(1).requests();

        assertThat(requests.stream().filter(PlannedRequest::express).count()).isBetween(150L, 300L);
        assertThat(requests)
                .filteredOn(PlannedRequest::express)
                .extracting(PlannedRequest::kind)
                .contains(RequestKind.PLAIN, RequestKind.DELAYED, RequestKind.FAULTY_ONCE, RequestKind.REJECTED);
    }

    @Test
    void aThirdComesInBurstsOfOneFlowThatHaveOthersBehindThem() {
        ChaosPlan plan = ChaosPlan.of(3, 10_000, 4, 30, 12_000, ALL);
        Map<Long, List<PlannedRequest>> bursts = plan.requests().stream()
                .filter(request -> request.tenant().equals("bulk"))
                .collect(groupingBy(PlannedRequest::atMillis));

        assertThat(bursts).hasSize(11);
        bursts.forEach((at, burst) -> {
            int partition = burst.get(0).partition();
            assertThat(burst).hasSizeBetween(300, 330).allSatisfy(request -> {
                assertThat(request.partition()).isEqualTo(partition);
                assertThat(request.express()).isFalse();
            });
            assertThat(plan.requests())
                    .filteredOn(request -> request.partition() == partition && request.atMillis() > at)
                    .extracting(PlannedRequest::tenant)
                    .contains("", "chat", "search");
        });
    }

    @Test
    void theLimitedModelIsDoneBeforeTheRunIsOver() {
        ChaosPlan plan = ChaosPlan.of(3, 10_000, 4, 30, 12_000, ALL);
        long limited = plan.requests().stream()
                .filter(request -> request.body().contains(RequestMix.LIMITED))
                .count();
        long seconds = plan.requests().get(plan.requests().size() - 1).atMillis() / 1_000;

        assertThat(limited / plan.limitPerSecond()).isBetween(seconds / 4, seconds / 2);
        assertThat(ChaosPlan.of(3, 1, 1, 0, 1_000, ALL).limitPerSecond()).isPositive();
    }

    @Test
    void everyRequestHasAnIdOfItsOwnInItsText() {
        List<PlannedRequest> requests = plan(1).requests();
        PlannedRequest more = plan(1).more().plain(3);

        assertThat(requests)
                .extracting(PlannedRequest::id)
                .doesNotHaveDuplicates()
                .doesNotContain(more.id());
        assertThat(requests)
                .filteredOn(request -> request.kind() != RequestKind.INVALID)
                .allSatisfy(request -> {
                    assertThat(request.text()).startsWith(request.id());
                    assertThat(request.body()).contains(request.text());
                });
    }

    @Test
    void requestsComeInTheOrderOfTheirTimeAndThoseThatFailSlowlyComeEarly() {
        List<PlannedRequest> requests = plan(9).requests();
        long last = requests.get(requests.size() - 1).atMillis();

        assertThat(requests).extracting(PlannedRequest::atMillis).isSorted();
        assertThat(requests)
                .filteredOn(request -> request.kind() == RequestKind.EXHAUSTED)
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request.atMillis()).isLessThan(last * 2 / 3));
    }
}
