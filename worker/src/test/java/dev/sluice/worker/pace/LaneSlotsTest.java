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
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Express and other requests in lanes that wait for calls to end, which their limit does not hold back. */
class LaneSlotsTest {
    private static final Assignment BULK = new Assignment(new TopicPartition("chat.requests", 0));
    private static final Assignment EXPRESS = new Assignment(new TopicPartition("chat.requests.express", 0));
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final VirtualTime time = new VirtualTime();
    private final CallSlots slots = new CallSlots(20);
    private final Lane lane = new Lane("m", ConfiguredLimit.NONE, time, LimitShare.ALL, new AllLanes(slots, Map.of()));
    private final List<Request> expired = new ArrayList<>();
    private long offset;

    private record EndingCall(InFlightCall call, long endsAt) {}

    @Test
    void anExpressRequestThatWasPutBackWaitsForRoomOfItsKind() {
        add(EXPRESS, "", 9);
        List<InFlightCall> express = sent();
        assertThat(express).hasSize(9);
        putBack(express.get(0));
        add(BULK, "", 1);
        othersBeginCalls(3);
        time.pass(SECOND);
        List<InFlightCall> probe = sent();
        assertThat(probe).hasSize(1);

        lane.ended(probe.get(0), CallFeedback.PASSED);

        assertThat(sent()).as("as many express calls as may be are in flight").isEmpty();
        assertThat(lane.nanosToNext()).isEqualTo(Lane.NEVER);
        lane.ended(express.get(1), CallFeedback.PASSED);
        assertThat(sent())
                .extracting(InFlightCall::request)
                .containsExactly(express.get(0).request());
    }

    @Test
    void noExpiredRequestIsCalledWhicheverKindThereIsRoomFor() {
        add(EXPRESS, "", 12);
        assertThat(sent()).as("there is no room for more express calls").hasSize(9);
        add(BULK, "", 2);
        long first = offset - 1;

        lane.expireFirst(expiredAt(first));
        List<InFlightCall> sent = sent();

        assertThat(expired).extracting(request -> request.input().offset()).containsExactly(first);
        assertThat(sent).extracting(call -> call.request().input().offset()).containsExactly(offset);
    }

    @Test
    void noExpiredRequestThatWasPutBackIsCalledWhenTheLaneFlowsAgain() {
        add(BULK, "", 3);
        List<InFlightCall> calls = sent();
        putBack(calls.get(0));
        add(BULK, "", 2);
        time.pass(SECOND);
        lane.ended(sent().get(0), CallFeedback.PASSED);
        long putBack = calls.get(0).request().input().offset();

        lane.expireFirst(expiredAt(putBack));

        assertThat(sent()).extracting(call -> call.request().input().offset()).containsExactly(offset);
        assertThat(expired).extracting(request -> request.input().offset()).containsExactly(putBack);
    }

    /** Calls of bulk take a minute, so that few of them end. No bulk request could go in place of an express one. */
    @Test
    void expressDoesNotWaitBesideSlowCallsWhoseRoomIsFull() {
        add(BULK, "bulk", 5_000);
        Map<Long, Long> addedAt = new HashMap<>();
        List<Long> waited = new ArrayList<>();
        PriorityQueue<EndingCall> inFlight = new PriorityQueue<>(Comparator.comparingLong(EndingCall::endsAt));
        int bulk = 0;
        for (int tick = 0; tick < 3_000; tick++) {
            long now = time.currentTimeNanos();
            if (tick % 10 == 0) {
                add(EXPRESS, "chat", 1);
                addedAt.put(offset, now);
            }
            while (!inFlight.isEmpty() && inFlight.element().endsAt() <= now) {
                lane.ended(inFlight.remove().call(), CallFeedback.PASSED);
            }
            for (InFlightCall call : sent()) {
                boolean express = call.request().isExpress();
                Duration takes = express ? Duration.ofMillis(200) : Duration.ofMinutes(1);
                inFlight.add(new EndingCall(call, now + takes.toNanos()));
                bulk += express ? 0 : 1;
                if (express) {
                    waited.add(now - addedAt.get(call.request().input().offset()));
                }
            }
            time.pass(Duration.ofMillis(100));
        }

        assertThat(waited).hasSize(300).allSatisfy(nanos -> assertThat(nanos).isLessThanOrEqualTo(SECOND.toNanos()));
        assertThat(bulk).as("bulk keeps its calls").isGreaterThanOrEqualTo(45);
    }

    private void putBack(InFlightCall call) {
        lane.putBack(call.request());
        lane.ended(call, CallFeedback.blocked("402"));
    }

    private void othersBeginCalls(int count) {
        for (int i = 0; i < count; i++) {
            slots.started(false);
        }
    }

    private Lanes.Expiry expiredAt(long late) {
        return new Lanes.Expiry(request -> request.input().offset() == late, expired::add);
    }

    private List<InFlightCall> sent() {
        List<InFlightCall> sent = new ArrayList<>();
        for (InFlightCall call = lane.poll(); call != null; call = lane.poll()) {
            call.connecting().run();
            sent.add(call);
        }
        return sent;
    }

    private void add(Assignment from, String tenant, int count) {
        for (int i = 0; i < count; i++) {
            Requests request = Requests.ofModel("m").under(from).at(++offset);
            lane.add((tenant.isEmpty() ? request : request.ofTenant(tenant)).build());
        }
    }
}
