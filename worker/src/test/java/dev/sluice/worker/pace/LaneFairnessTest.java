package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tenants and priorities beside each other in minutes of virtual time, in a lane at its limit. */
class LaneFairnessTest {
    private static final Duration LATENCY = Duration.ofMillis(50);
    private static final TopicPartition BULK = new TopicPartition("chat.requests", 0);
    private static final TopicPartition EXPRESS = new TopicPartition("chat.requests.express", 0);

    private final VirtualTime time = new VirtualTime();
    private final PriorityQueue<EndingCall> inFlight =
            new PriorityQueue<>(Comparator.comparingLong(EndingCall::endsAt));
    private final Map<Long, Long> addedAt = new HashMap<>();
    private final List<SentRequest> sent = new ArrayList<>();
    private long offset;

    private record EndingCall(InFlightCall call, long endsAt) {}

    private record SentRequest(Request request, long at, long waited) {}

    @BeforeEach
    void begin() {
        offset = 0;
    }

    @Test
    void aSmallTenantDoesNotWaitBehindAGiant() {
        Lane lane = lane("50/s", Map.of());
        add(lane, BULK, "giant", 20_000);
        add(lane, BULK, "middle", 1_000);
        add(lane, BULK, "tiny", 10);

        run(lane, Duration.ofSeconds(60), now -> false);

        assertThat(lastOf("tiny")).isLessThan(Duration.ofSeconds(2));
        assertThat(lastOf("middle")).isLessThan(Duration.ofSeconds(45));
        assertThat(sent).as("the limit is used").hasSizeGreaterThan(50 * 60 * 95 / 100);
    }

    @Test
    void aTenantHasItsWeight() {
        Lane lane = lane("40/s", Map.of("search", 3));
        add(lane, BULK, "search", 3_000);
        add(lane, BULK, "bulk", 3_000);

        run(lane, Duration.ofSeconds(60), now -> false);

        long ofSearch = sent.stream()
                .filter(call -> call.request().tenant().equals("search"))
                .count();
        assertThat((double) ofSearch / sent.size()).isBetween(0.74, 0.76);
    }

    @Test
    void expressBesideABacklogWaitsForOneCallAtMost() {
        Lane lane = lane("40/s", Map.of());
        add(lane, BULK, "", 6_000);
        long[] next = {VirtualTime.START};

        run(lane, Duration.ofMinutes(2), now -> {
            if (now < next[0]) {
                return false;
            }
            next[0] += Duration.ofMillis(50).toNanos();
            add(lane, EXPRESS, "", 1);
            return true;
        });

        List<Long> waits = sent.stream()
                .filter(call -> call.request().isExpress())
                .map(SentRequest::waited)
                .sorted()
                .toList();
        assertThat(waits).hasSizeGreaterThan(2_380);
        assertThat(Duration.ofNanos(waits.get(waits.size() * 99 / 100))).isLessThan(Duration.ofMillis(60));
        assertThat(sent).as("the limit is used").hasSizeGreaterThan(40 * 120 * 95 / 100);
    }

    @Test
    void theOthersKeepATenthHoweverMuchExpressThereIs() {
        Lane lane = lane("40/s", Map.of());
        add(lane, BULK, "", 1_000);
        add(lane, EXPRESS, "", 6_000);

        run(lane, Duration.ofSeconds(60), now -> false);

        long others = sent.stream().filter(call -> !call.request().isExpress()).count();
        assertThat((double) others / sent.size()).isBetween(0.09, 0.11);
    }

    private Duration lastOf(String tenant) {
        return Duration.ofNanos(sent.stream()
                .filter(call -> call.request().tenant().equals(tenant))
                .mapToLong(call -> call.at() - VirtualTime.START)
                .max()
                .orElseThrow());
    }

    private Lane lane(String limit, Map<String, Integer> weights) {
        AllLanes all = new AllLanes(new CallSlots(512), weights);
        return new Lane("m", ConfiguredLimit.parse(limit), time, LimitShare.ALL, all);
    }

    private void add(Lane lane, TopicPartition from, String tenant, int count) {
        Assignment assignment = new Assignment(from);
        for (int i = 0; i < count; i++) {
            Requests request = Requests.ofModel("m").under(assignment).at(++offset);
            addedAt.put(offset, time.currentTimeNanos());
            lane.add((tenant.isEmpty() ? request : request.ofTenant(tenant)).build());
        }
    }

    /** @param arrivals adds what arrives at a time and returns whether there may be more at once */
    private void run(Lane lane, Duration duration, LongPredicate arrivals) {
        long end = time.currentTimeNanos() + duration.toNanos();
        while (time.currentTimeNanos() < end) {
            long now = time.currentTimeNanos();
            while (arrivals.test(now)) {
                // the next one may have arrived as well
            }
            endCalls(lane, now);
            for (InFlightCall call = lane.poll(); call != null; call = lane.poll()) {
                call.connecting().run();
                long waited = now - addedAt.get(call.request().input().offset());
                sent.add(new SentRequest(call.request(), now, waited));
                inFlight.add(new EndingCall(call, now + LATENCY.toNanos()));
            }
            time.passNanos(Math.min(Duration.ofMillis(1).toNanos(), Math.max(1, lane.nanosToNext())));
        }
    }

    private void endCalls(Lane lane, long now) {
        while (!inFlight.isEmpty() && inFlight.element().endsAt() <= now) {
            lane.ended(inFlight.remove().call(), CallFeedback.PASSED);
        }
    }
}
