package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random operations on a {@link LaneQueue} and on a model of it that is a plain list. */
class LaneQueueModelTest {
    private static final int BOUND_OF_FLOWS = 256;

    private final Map<Long, Double> costs = new HashMap<>();
    private final LaneQueue queue = new LaneQueue(
            Map.of("t1", 3, "t2", 7), request -> costs.get(request.input().offset()));
    private final List<Request> waiting = new ArrayList<>();
    private final List<Request> putBack = new ArrayList<>();
    private final List<Assignment> bulk = new ArrayList<>();
    private final List<Assignment> express = new ArrayList<>();
    private final Set<Request> released = new HashSet<>();
    private final Set<Request> late = new HashSet<>();
    private long offset;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void holdsWhatAPlainListHolds(long seed) {
        Random random = new Random(seed);
        int tenants = 1 + random.nextInt(seed % 2 == 0 ? 12 : 400);
        for (int i = 0; i < 3; i++) {
            bulk.add(new Assignment(new TopicPartition("chat.requests", i)));
            express.add(new Assignment(new TopicPartition("chat.requests.express", i)));
        }
        for (int i = 0; i < 20_000; i++) {
            // the queue grows for a while, and then shrinks until it is empty
            boolean grows = (i / 500) % 2 == 0;
            operate(random, random.nextInt(grows ? 60 : 30), tenants);
            assertThat(queue.size()).isEqualTo(waiting.size() + putBack.size());
            assertThat(queue.isEmpty()).isEqualTo(waiting.isEmpty() && putBack.isEmpty());
        }
        while (!queue.isEmpty()) {
            remove(LaneQueue.Admission.FOR_ALL);
        }

        assertThat(waiting).isEmpty();
        assertThat(putBack).isEmpty();
        for (int i = 0; i < 2 * BOUND_OF_FLOWS; i++) {
            costs.put(++offset, 1.0);
            queue.add(Requests.ofModel("m")
                    .at(offset)
                    .ofTenant("late-" + i % BOUND_OF_FLOWS)
                    .build());
        }
        Set<String> firstTurns = new HashSet<>();
        for (int i = 0; i < BOUND_OF_FLOWS; i++) {
            firstTurns.add(queue.remove(LaneQueue.Admission.FOR_ALL).tenant());
        }
        assertThat(firstTurns).as("no flow is left that nobody needs").hasSize(BOUND_OF_FLOWS);
    }

    private void operate(Random random, int operation, int tenants) {
        switch (operation) {
            case 0 -> removeYoungest();
            case 1 -> putBack(random);
            case 2 -> release();
            case 3 -> drop(random);
            case 4 -> expire(random, true);
            case 5 -> expire(random, false);
            default -> {
                if (operation < 28) {
                    remove(new LaneQueue.Admission(random.nextInt(4) > 0, random.nextInt(4) > 0));
                } else {
                    add(random, tenants);
                }
            }
        }
    }

    private void add(Random random, int tenants) {
        List<Assignment> from = random.nextInt(3) == 0 ? express : bulk;
        Request request = Requests.ofModel("m")
                .under(from.get(random.nextInt(from.size())))
                .at(++offset)
                .counted(random.nextInt(2), 0)
                .ofTenant("t" + random.nextInt(tenants))
                .build();
        costs.put(offset, random.nextInt(10) == 0 ? 2_000 * random.nextDouble() : 1);
        queue.add(request);
        waiting.add(request);
    }

    private void remove(LaneQueue.Admission room) {
        Request next = queue.peek(room);
        assertThat(next != null).as("%s", room).isEqualTo(isOneAllowed(room));
        assertThat(queue.peek(room)).isSameAs(next);
        if (next == null) {
            return;
        }
        boolean fromFlows = !waiting.isEmpty();
        assertThat(queue.remove(room)).isSameAs(next);
        assertThat(fromFlows ? waiting.remove(next) : putBack.remove(next)).isTrue();
        if (fromFlows) {
            assertThat(next.isExpress() ? room.express() : room.others()).isTrue();
        }
    }

    private boolean isOneAllowed(LaneQueue.Admission room) {
        if (waiting.isEmpty()) {
            return room.others() && !putBack.isEmpty();
        }
        return waiting.stream().anyMatch(request -> request.isExpress() ? room.express() : room.others());
    }

    private void removeYoungest() {
        if (queue.isEmpty()) {
            return;
        }
        Request youngest = youngest();
        assertThat(queue.removeYoungest()).isSameAs(youngest);
        assertThat(waiting.remove(youngest) || putBack.remove(youngest)).isTrue();
    }

    private Request youngest() {
        List<Request> arrivals = waiting.stream()
                .filter(request -> !request.isExpress() && !wasCalled(request))
                .toList();
        List<Request> from = arrivals.isEmpty() ? waiting.isEmpty() ? putBack : waiting : arrivals;
        return from.get(from.size() - 1);
    }

    private boolean wasCalled(Request request) {
        return request.isRetry() || released.contains(request);
    }

    private void putBack(Random random) {
        if (!waiting.isEmpty()) {
            LaneQueue.Admission room = LaneQueue.Admission.FOR_ALL;
            Request youngest = youngest();
            boolean takesYoungest = random.nextBoolean();
            Request request = takesYoungest ? queue.removeYoungest() : queue.remove(room);
            assertThat(!takesYoungest || request.equals(youngest)).isTrue();
            assertThat(waiting.remove(request)).isTrue();
            queue.putBack(request);
            putBack.add(request);
        }
    }

    private void release() {
        queue.release();
        waiting.addAll(putBack);
        released.addAll(putBack);
        putBack.clear();
    }

    private void drop(Random random) {
        if (random.nextInt(10) == 0) {
            List<Assignment> from = random.nextBoolean() ? express : bulk;
            Assignment gone = from.set(0, new Assignment(from.get(0).partition()));
            queue.removeIf(request -> request.assignment() == gone);
            waiting.removeIf(request -> request.assignment() == gone);
            putBack.removeIf(request -> request.assignment() == gone);
        }
    }

    private void expire(Random random, boolean all) {
        late.clear();
        waiting.stream().filter(request -> random.nextInt(20) == 0).forEach(late::add);
        putBack.stream().filter(request -> random.nextInt(20) == 0).forEach(late::add);
        Set<Request> handedOver = new HashSet<>();
        Lanes.Expiry expiry = new Lanes.Expiry(late::contains, request -> {
            assertThat(handedOver.add(request)).as("handed over once").isTrue();
            assertThat(waiting.remove(request) || putBack.remove(request)).isTrue();
        });
        if (all) {
            queue.expireAll(expiry);
            assertThat(handedOver).isEqualTo(late);
        } else {
            LaneQueue.Admission room = new LaneQueue.Admission(random.nextBoolean(), random.nextBoolean());
            queue.expireFirst(room, expiry);
            Request next = queue.peek(room);
            assertThat(next == null || !late.contains(next)).isTrue();
        }
    }
}
