package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LaneQueueTest {
    private static final Assignment EXPRESS = new Assignment(new TopicPartition("chat.requests.express", 0));

    private final Map<Long, Double> costs = new HashMap<>();
    private final List<Request> expired = new ArrayList<>();
    private long offset;

    @Test
    void flowsTakeTurnsHoweverManyRequestsEachHas() {
        LaneQueue queue = queue(Map.of());
        add(queue, "giant", 1_000);
        add(queue, "small", 3);
        add(queue, "tiny", 1);

        assertThat(served(queue, 7)).containsExactly("giant", "small", "tiny", "giant", "small", "giant", "small");
        assertThat(served(queue, 3)).containsOnly("giant");
    }

    @Test
    void aWeightIsTheNumberOfRequestsInATurn() {
        LaneQueue queue = queue(Map.of("search", 3));
        add(queue, "", 10);
        add(queue, "search", 10);

        assertThat(served(queue, 8))
                .containsExactly("", "search", "search", "search", "", "search", "search", "search");
    }

    @Test
    void aDearRequestIsPaidForInSeveralTurns() {
        LaneQueue queue = queue(Map.of());
        costs.put(add(queue, "dear", 1).get(0), 4.0);
        add(queue, "dear", 2);
        add(queue, "cheap", 20);

        assertThat(served(queue, 6)).containsExactly("cheap", "cheap", "cheap", "dear", "cheap", "dear");
    }

    @Test
    void aFlowThatComesBackOwesNothingAndIsOwedNothing() {
        LaneQueue queue = queue(Map.of());
        costs.put(add(queue, "dear", 1).get(0), 50.0);
        add(queue, "busy", 200);
        served(queue, 51);
        assertThat(served(queue, 5)).as("the dear one has been served").containsOnly("busy");

        add(queue, "dear", 3);

        assertThat(served(queue, 4)).containsExactly("busy", "dear", "busy", "dear");
    }

    @Test
    void withinAFlowRetriesAndArrivalsTakeTurnsAndKeepTheirOrder() {
        LaneQueue queue = queue(Map.of());
        for (int i = 1; i <= 4; i++) {
            queue.add(request("", i, false));
            queue.add(request("", 10 + i, true));
        }

        assertThat(IntStream.range(0, 8)
                        .mapToObj(i -> queue.remove(LaneQueue.Admission.FOR_ALL)
                                .input()
                                .offset()))
                .containsExactly(11L, 1L, 12L, 2L, 13L, 3L, 14L, 4L);
    }

    @Test
    void theYoungestIsTheOneThatCameLastAndWasNotCalled() {
        LaneQueue queue = queue(Map.of());
        queue.add(request("a", ++offset, false));
        addExpress(queue, "a", 1);
        queue.add(request("fails", ++offset, true));
        queue.add(request("a", ++offset, false));
        queue.add(request("b", ++offset, false));
        queue.add(request("a", ++offset, true));
        queue.add(request("fails", ++offset, true));

        List<Long> removed = new ArrayList<>();
        while (!queue.isEmpty()) {
            removed.add(queue.removeYoungest().input().offset());
        }

        assertThat(removed).as("new ones, then all others").containsExactly(5L, 4L, 1L, 7L, 6L, 3L, 2L);
    }

    @Test
    void tenantsBeyondTheBoundShareOneFlow() {
        LaneQueue queue = queue(Map.of());
        for (int i = 0; i < 300; i++) {
            add(queue, "tenant-" + i, 2);
        }

        List<String> firstTurns = served(queue, 257);
        assertThat(firstTurns).doesNotHaveDuplicates();
        assertThat(firstTurns.get(256)).isEqualTo("tenant-256");
        assertThat(served(queue, 256)).isEqualTo(firstTurns.subList(0, 256));
        assertThat(served(queue, 87))
                .as("the shared flow")
                .containsOnlyOnce("tenant-256")
                .contains("tenant-299");

        assertThat(queue.isEmpty()).isTrue();
        for (int i = 300; i < 556; i++) {
            add(queue, "tenant-" + i, 2);
        }
        assertThat(served(queue, 256)).as("each has a flow of its own").doesNotHaveDuplicates();
    }

    @Test
    void expiredRequestsCostTheirFlowNothing() {
        LaneQueue queue = queue(Map.of());
        List<Long> late = add(queue, "late", 5);
        add(queue, "late", 2);
        add(queue, "other", 5);

        queue.expireFirst(LaneQueue.Admission.FOR_ALL, expiry(late));

        assertThat(expired).extracting(request -> request.input().offset()).containsExactlyElementsOf(late);
        assertThat(served(queue, 4)).containsExactly("late", "other", "late", "other");
    }

    @Test
    void expressGoesAheadAndTheOthersKeepATenth() {
        LaneQueue queue = queue(Map.of());
        add(queue, "bulk", 100);
        addExpress(queue, "bulk", 100);

        List<Boolean> served = servedExpress(queue, 50, LaneQueue.Admission.FOR_ALL);

        assertThat(served.subList(0, 9)).containsOnly(true);
        assertThat(served.stream().filter(express -> !express)).hasSize(5);
    }

    @Test
    void aLittleExpressGoesAheadOfEveryBacklog() {
        LaneQueue queue = queue(Map.of());
        add(queue, "bulk", 1_000);
        add(queue, "other", 1_000);
        int waited = 0;
        for (int i = 0; i < 50; i++) {
            addExpress(queue, "chat", 1);
            waited += served(queue, 1).get(0).equals("chat") ? 0 : 1;
            served(queue, 3);
        }

        assertThat(waited)
                .as("express of a quarter beside two others is within its part")
                .isZero();
    }

    @Test
    void aTenantThatSendsAllAsExpressHasNoMoreThanItsPart() {
        LaneQueue queue = queue(Map.of());
        add(queue, "modest", 1_000);
        addExpress(queue, "greedy", 1_000);

        List<String> served = served(queue, 1_000);

        assertThat(served.stream().filter("modest"::equals).count()).isBetween(490L, 500L);
        assertThat(served.subList(0, 8)).as("the head start").containsOnly("greedy");
    }

    @Test
    void expressOfAFlowThatOwesIsNotForgivenWhileItIsAway() {
        LaneQueue queue = queue(Map.of());
        add(queue, "modest", 1_000);
        addExpress(queue, "greedy", 8);
        assertThat(served(queue, 8)).containsOnly("greedy");
        served(queue, 2);

        addExpress(queue, "greedy", 8);

        assertThat(served(queue, 8).stream().filter("greedy"::equals).count()).isBetween(2L, 5L);
    }

    @Test
    void eachKindHasTheRoomThatIsThereForIt() {
        LaneQueue queue = queue(Map.of());
        add(queue, "", 20);
        addExpress(queue, "", 20);
        LaneQueue.Admission forExpress = new LaneQueue.Admission(true, false);
        LaneQueue.Admission forOthers = new LaneQueue.Admission(false, true);

        assertThat(servedExpress(queue, 12, forExpress)).containsOnly(true);
        assertThat(servedExpress(queue, 12, forOthers)).containsOnly(false);
        assertThat(queue.peek(new LaneQueue.Admission(false, false))).isNull();
        assertThat(servedExpress(queue, 8, forExpress)).containsOnly(true);
        assertThat(queue.peek(forExpress)).isNull();
        assertThat(servedExpress(queue, 8, forOthers)).containsOnly(false);
        assertThat(queue.isEmpty()).isTrue();
    }

    /** Random additions and removals, against a model that serves flows by hand. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void flowsThatWaitAllTheTimeAreServedByTheirWeights(long seed) {
        Random random = new Random(seed);
        int flows = 2 + random.nextInt(20);
        Map<String, Integer> weights = new HashMap<>();
        for (int i = 0; i < flows; i++) {
            weights.put("t" + i, 1 + random.nextInt(5));
        }
        LaneQueue queue = queue(weights);
        Map<String, Double> spent = new HashMap<>();
        weights.keySet().forEach(tenant -> {
            spent.put(tenant, 0.0);
            addDear(queue, tenant, 30, random);
        });
        double largest = 0;
        for (int i = 0; i < 20_000; i++) {
            Request next = queue.peek(LaneQueue.Admission.FOR_ALL);
            Request served = queue.remove(LaneQueue.Admission.FOR_ALL);
            assertThat(served).isSameAs(next);
            double cost = costs.getOrDefault(served.input().offset(), 1.0);
            largest = Math.max(largest, cost);
            spent.merge(served.tenant(), cost, Double::sum);
            addDear(queue, served.tenant(), 1, random);
            if (random.nextInt(50) == 0) {
                // a flow that comes and goes takes nothing from the promise to the others
                add(queue, "passing-" + i, 1);
            }
        }

        double bound = largest;
        Map<String, Double> turns = weights.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, each -> spent.get(each.getKey()) / each.getValue()));
        double most = turns.values().stream().mapToDouble(each -> each).max().orElseThrow();
        double least = turns.values().stream().mapToDouble(each -> each).min().orElseThrow();
        assertThat(most - least)
                .as("in turns, at most a turn and a request apart")
                .isLessThanOrEqualTo(1 + bound);
        assertThat(queue.size()).isGreaterThanOrEqualTo(30 * flows);
    }

    private void addDear(LaneQueue queue, String tenant, int count, Random random) {
        for (int i = 0; i < count; i++) {
            costs.put(add(queue, tenant, 1).get(0), random.nextInt(10) == 0 ? 1 + 9 * random.nextDouble() : 1);
        }
    }

    private LaneQueue queue(Map<String, Integer> weights) {
        return new LaneQueue(
                weights, request -> costs.getOrDefault(request.input().offset(), 1.0));
    }

    private Lanes.Expiry expiry(List<Long> late) {
        return new Lanes.Expiry(request -> late.contains(request.input().offset()), expired::add);
    }

    private List<Long> add(LaneQueue queue, String tenant, int count) {
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            offsets.add(++offset);
            queue.add(request(tenant, offset, false));
        }
        return offsets;
    }

    private void addExpress(LaneQueue queue, String tenant, int count) {
        for (int i = 0; i < count; i++) {
            queue.add(of(tenant, Requests.ofModel("m").under(EXPRESS).at(++offset)));
        }
    }

    private static Request request(String tenant, long offset, boolean retry) {
        return of(tenant, Requests.ofModel("m").at(offset).counted(retry ? 1 : 0, 0));
    }

    private static Request of(String tenant, Requests request) {
        return (tenant.isEmpty() ? request : request.ofTenant(tenant)).build();
    }

    private static List<Boolean> servedExpress(LaneQueue queue, int count, LaneQueue.Admission room) {
        return IntStream.range(0, count)
                .mapToObj(i -> queue.remove(room).isExpress())
                .toList();
    }

    private static List<String> served(LaneQueue queue, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> queue.remove(LaneQueue.Admission.FOR_ALL).tenant())
                .toList();
    }
}
