package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DueGateTest {
    private static final long ROOM = Long.MAX_VALUE;
    private static final long NOW = 1_000_000;
    private static final long HORIZON = DueGate.HORIZON.toMillis();
    private static final long WEIGHT = due(0, NOW).input().weight();

    private final ReadAhead readAhead = readAhead(3, 10 * WEIGHT);
    private final DueGate gate = new DueGate(readAhead);

    /** Returns a read-ahead that takes as many delayed requests of one flow. */
    private static ReadAhead readAhead(int records, long bytes) {
        return new ReadAhead(new Intake.Bounds(1, 2 * bytes, 2 * records, 1, Duration.ZERO), () -> 0);
    }

    @Test
    void delaysRequestsDueWithinTheHorizonOnly() {
        assertThat(gate.delay(due(0, NOW + HORIZON), NOW, ROOM)).isTrue();
        assertThat(gate.delay(due(1, NOW + HORIZON + 1), NOW, ROOM)).isFalse();
        assertThat(gate.records()).isEqualTo(1);
    }

    @Test
    void delaysNoMoreRecordsThanItsBound() {
        for (int i = 0; i < 3; i++) {
            assertThat(gate.delay(due(i, NOW + 1), NOW, ROOM)).isTrue();
        }

        assertThat(gate.delay(due(3, NOW + 1), NOW, ROOM)).isFalse();
        release(NOW + 1);
        assertThat(gate.delay(due(3, NOW + 2), NOW + 1, ROOM)).isTrue();
    }

    @Test
    void delaysNoMoreBytesThanItsBound() {
        DueGate small = new DueGate(readAhead(100, 2 * WEIGHT));

        assertThat(small.delay(due(0, NOW + 1), NOW, ROOM)).isTrue();
        assertThat(small.delay(due(1, NOW + 1), NOW, ROOM)).isTrue();
        assertThat(small.delay(due(2, NOW + 1), NOW, ROOM)).isFalse();
    }

    @Test
    void leavesRoomForRequestsThatAreDue() {
        assertThat(gate.delay(due(0, NOW + 1), NOW, DueGate.ROOM_FOR_OTHERS - 1))
                .isFalse();
        assertThat(gate.delay(due(0, NOW + 1), NOW, DueGate.ROOM_FOR_OTHERS)).isTrue();
    }

    @Test
    void releasesDueRequestsTheEarliestFirst() {
        gate.delay(due(0, NOW + 30), NOW, ROOM);
        gate.delay(due(1, NOW + 10), NOW, ROOM);
        gate.delay(due(2, NOW + 20), NOW, ROOM);

        assertThat(release(NOW + 9)).isEmpty();
        assertThat(release(NOW + 20)).containsExactly(1L, 2L);
        assertThat(release(NOW + 30)).containsExactly(0L);
    }

    @Test
    void tellsTheTimeUntilTheNextRequestIsDue() {
        assertThat(gate.millisToNext(NOW, 50)).isEqualTo(50);

        gate.delay(due(0, NOW + 30), NOW, ROOM);

        assertThat(gate.millisToNext(NOW, 50)).isEqualTo(30);
        assertThat(gate.millisToNext(NOW, 20)).isEqualTo(20);
        assertThat(gate.millisToNext(NOW + 40, 50)).isZero();
    }

    @Test
    void dropsRequestsOfLostAssignments() {
        Assignment gone = Requests.assigned();
        gate.delay(due(0, NOW + 1), NOW, ROOM);
        gate.delay(due(1, NOW + 1, gone), NOW, ROOM);

        gate.drop(Set.of(gone));

        assertThat(gate.records()).isEqualTo(1);
        assertThat(release(NOW + 1)).containsExactly(0L);
    }

    @Test
    void behavesLikeASortedListWhateverHappens() {
        for (long seed = 0; seed < 300; seed++) {
            compareWithAList(new Random(seed), "seed " + seed);
        }
    }

    private static void compareWithAList(Random random, String seed) {
        List<Assignment> assignments = List.of(Requests.assigned(), Requests.assigned(), Requests.assigned());
        int maxRecords = 1 + random.nextInt(20);
        long maxBytes = WEIGHT * (1 + random.nextInt(20));
        ReadAhead readAhead = readAhead(maxRecords, maxBytes);
        DueGate gate = new DueGate(readAhead);
        List<Request> held = new ArrayList<>();
        long now = NOW;
        for (int i = 0; i < 200; i++) {
            now += random.nextInt(1_000);
            if (random.nextInt(10) < 7) {
                Request request = due(i, now + random.nextInt(12_000), assignments.get(random.nextInt(3)));
                boolean soon = request.input().notBefore() - now <= HORIZON;
                boolean fits = held.size() < maxRecords && (held.size() + 1) * WEIGHT <= maxBytes;
                assertThat(gate.delay(request, now, ROOM)).as(seed).isEqualTo(soon && fits);
                if (soon && fits) {
                    held.add(request);
                }
            } else if (random.nextInt(4) == 0) {
                Set<Assignment> gone = Set.of(assignments.get(random.nextInt(3)));
                gate.drop(gone);
                held.stream()
                        .filter(request -> gone.contains(request.assignment()))
                        .forEach(request -> readAhead.remove(request.input()));
                held.removeIf(request -> gone.contains(request.assignment()));
            } else {
                List<Request> released = new ArrayList<>();
                gate.release(now, released::add);
                released.forEach(request -> readAhead.remove(request.input()));
                long until = now;
                List<Request> due = held.stream()
                        .filter(request -> request.input().notBefore() <= until)
                        .toList();
                assertThat(released).as(seed).containsExactlyInAnyOrderElementsOf(due);
                assertThat(released)
                        .as(seed)
                        .isSortedAccordingTo(Comparator.comparingLong(
                                request -> request.input().notBefore()));
                held.removeAll(due);
            }
            assertThat(gate.records()).as(seed).isEqualTo(held.size());
            assertThat(gate.millisToNext(now, 5_000)).as(seed).isEqualTo(millisToNext(held, now));
        }
    }

    private static long millisToNext(List<Request> held, long now) {
        return held.stream()
                .mapToLong(request -> Math.max(0, request.input().notBefore() - now))
                .reduce(5_000, Math::min);
    }

    private List<Long> release(long now) {
        List<Long> released = new ArrayList<>();
        gate.release(now, request -> {
            readAhead.remove(request.input());
            released.add(request.input().offset());
        });
        return released;
    }

    private static Request due(long offset, long notBefore) {
        return due(offset, notBefore, Requests.ASSIGNMENT);
    }

    private static Request due(long offset, long notBefore, Assignment assignment) {
        return Requests.ofModel("m")
                .at(offset)
                .under(assignment)
                .timed(NOW, notBefore, Long.MAX_VALUE)
                .build();
    }
}
