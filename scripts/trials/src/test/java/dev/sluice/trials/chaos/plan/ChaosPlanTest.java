package dev.sluice.trials.chaos.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
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

        assertThat(requests.stream().filter(PlannedRequest::express).count()).isBetween(150L, 350L);
        assertThat(requests)
                .filteredOn(PlannedRequest::express)
                .extracting(PlannedRequest::kind)
                .contains(RequestKind.PLAIN, RequestKind.DELAYED, RequestKind.FAULTY_ONCE, RequestKind.REJECTED);
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
