package dev.sluice.worker.intake;

import static dev.sluice.worker.intake.FakeLog.requests;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what is read, kept back and moved of the backlogs of tenants, with a log that is read like Kafka's. */
@Tag("simulation")
class OverflowTest {
    private static final TopicPartition FIRST = requests(0);
    private static final TopicPartition RETRY = new TopicPartition(FakeLog.TOPICS.retry(), 0);
    private static final int READ_AHEAD = 100;
    private static final Intake.Bounds BOUNDS =
            new Intake.Bounds(READ_AHEAD, 1 << 20, 100, 1_000, Duration.ofSeconds(5));

    private IntakeInSteps test = withMoves(new IntakeInSteps(BOUNDS));

    /** The overflow partitions that requests of each tenant have moved to. */
    private final Map<String, Set<Integer>> places = new HashMap<>();

    /** Lets what is moved be committed at once. */
    private IntakeInSteps withMoves(IntakeInSteps steps) {
        steps.downstream.onMove = (request, to) -> {
            TopicPartition overflow = new TopicPartition(FakeLog.TOPICS.overflow(), to);
            RecordHeaders headers =
                    new RecordHeaders(request.input().record().headers().toArray());
            steps.log.request(overflow, steps.clock.millis(), headers);
            steps.log.gap(overflow);
            places.computeIfAbsent(request.tenant(), tenant -> new HashSet<>()).add(to);
            steps.ledger.commit(request.input());
        };
        return steps;
    }

    private static TopicPartition[] bundle() {
        return Stream.concat(
                        Stream.of(FIRST, RETRY), FakeLog.TOPICS.partitionsOf(FakeLog.TOPICS.overflow(), 0).stream())
                .toArray(TopicPartition[]::new);
    }

    private void publish(TopicPartition partition, String tenant, int count) {
        for (int i = 0; i < count; i++) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.TENANT, tenant);
            WireHeaders.set(headers, WireHeaders.ID, tenant + "-" + test.log.end(partition));
            test.log.request(partition, test.clock.millis(), headers);
        }
    }

    private List<String> accepted(String tenant) {
        return test.downstream.accepted.stream()
                .filter(request -> request.tenant().equals(tenant))
                .map(request -> request.input().id())
                .toList();
    }

    private long moved(String tenant) {
        return test.downstream.moved.stream()
                .filter(request -> request.tenant().equals(tenant))
                .count();
    }

    @Test
    void ofOneTenantAloneNothingMoves() {
        publish(FIRST, "giant", 3_000);

        test.then(() -> test.consumer.assigned(bundle())).rounds(1);
        for (int i = 0; i < 200; i++) {
            test.then(() -> test.ledger.commit(Math.min(20, test.ledger.openRecords())))
                    .rounds(1);
        }
        test.run();

        assertThat(test.downstream.moved).isEmpty();
        assertThat(accepted("giant")).hasSize(3_000).isEqualTo(published("giant", 3_000));
    }

    private static List<String> published(String tenant, int count) {
        return Stream.iterate(0, each -> each + 1)
                .limit(count)
                .map(offset -> tenant + "-" + offset)
                .toList();
    }

    @Test
    void oneTenantAloneLeavesRoomForOthers() {
        publish(FIRST, "giant", 1_000);

        test.then(() -> test.consumer.assigned(bundle())).rounds(20).run();

        assertThat(accepted("giant")).hasSizeBetween(READ_AHEAD / 2, READ_AHEAD * 3 / 4);
    }

    @Test
    void whoLiesBehindABacklogThatDoesNotMoveIsReadAtOnce() {
        publish(FIRST, "giant", 5_000);
        publish(FIRST, "small", 20);

        test.then(() -> test.consumer.assigned(bundle())).rounds(60).run();

        assertThat(accepted("small")).hasSize(20);
        assertThat(moved("small")).isZero();
        assertThat(places.get("giant")).hasSize(1);
        assertThat(test.downstream.offsets(FIRST).size() + moved("giant")).isEqualTo(5_020);
    }

    @Test
    void whoLiesInTheMiddleOfABacklogIsReadAndTheRestStays() {
        publish(FIRST, "giant", 2_000);
        publish(FIRST, "small", 20);
        publish(FIRST, "giant", 2_000);

        test.then(() -> test.consumer.assigned(bundle())).rounds(60).run();

        assertThat(accepted("small")).hasSize(20);
        assertThat(moved("giant")).isBetween(1_900L, 2_000L);
    }

    @Test
    void whoComesWhileABacklogWaitsIsReadAtOnce() {
        publish(FIRST, "giant", 2_000);

        test.then(() -> test.consumer.assigned(bundle()))
                .rounds(40)
                .then(() -> {
                    assertThat(test.downstream.moved).isEmpty();
                    publish(FIRST, "small", 20);
                })
                .rounds(30)
                .run();

        assertThat(accepted("small")).hasSize(20);
    }

    /** Each is published once more while the others wait, so that each is found ahead and moves. */
    @Test
    void noTenantMovesBehindAnotherWhileAPartitionIsFree() {
        List<String> tenants = List.of("a", "b", "c", "d", "e", "f");
        for (int round = 0; round < 10; round++) {
            tenants.forEach(tenant -> publish(FIRST, tenant, 100));
        }

        test.then(() -> test.consumer.assigned(bundle()));
        for (int i = 0; i < 120; i++) {
            test.then(() -> test.ledger.commit(test.ledger.openRecords() / 10)).rounds(1);
        }
        test.run();

        assertThat(places.values().stream().flatMap(Set::stream).toList()).doesNotHaveDuplicates();
        assertThat(places.values()).allSatisfy(each -> assertThat(each).hasSize(1));
    }

    @Test
    void retriesOfAModelThatIsHeldKeepNobodyElsesOut() {
        publish(RETRY, "held", 10_000);
        publish(RETRY, "other", 5);

        test.then(() -> test.consumer.assigned(bundle())).rounds(120).run();

        assertThat(accepted("other")).hasSize(5);
    }

    @Test
    void whatCannotBeReadAheadIsReadInItsTurn() {
        publish(FIRST, "giant", 500);
        test.log.unreadableAtFirst(FIRST, 3, () -> new KafkaException("please seek past it", new KafkaException("x")));
        publish(FIRST, "small", 20);

        test.then(() -> test.consumer.assigned(bundle())).rounds(60).run();

        assertThat(accepted("small")).hasSize(20);
    }

    @Test
    void nothingMovesWhileAPartOfTheBundleIsMissing() {
        publish(FIRST, "giant", 1_000);
        publish(FIRST, "small", 20);
        TopicPartition[] most = Arrays.copyOf(bundle(), bundle().length - 1);

        test.then(() -> test.consumer.assigned(most)).rounds(20).run();

        assertThat(test.downstream.moved).isEmpty();
    }

    /** A new owner knows only the log, what is committed, and what was done above it. */
    @Test
    void aCrashDoesNotPutTheOldestLast() {
        publish(FIRST, "giant", 5_000);
        publish(FIRST, "small", 20);
        test.then(() -> test.consumer.assigned(bundle())).rounds(60).run();
        Set<Long> open = test.downstream.accepted.stream()
                .filter(request -> request.input().partition().equals(FIRST))
                .map(request -> request.input().offset())
                .collect(Collectors.toSet());
        IntakeInSteps next = withMoves(new IntakeInSteps(BOUNDS, test.log));
        next.ledger.done.put(
                FIRST,
                LongStream.range(0, test.log.end(FIRST))
                        .filter(offset -> !open.contains(offset))
                        .boxed()
                        .collect(Collectors.toSet()));
        test = next;
        publish(FIRST, "giant", 500);
        publish(FIRST, "small", 20);

        next.then(() -> next.consumer.assigned(bundle()))
                .rounds(30)
                .then(() -> {
                    assertThat(accepted("small")).as("what was in memory").hasSize(20);
                    List.copyOf(next.downstream.accepted).stream()
                            .filter(request -> request.tenant().equals("small"))
                            .forEach(request -> next.ledger.commit(request.input()));
                })
                .rounds(30)
                .run();

        List<Long> first = next.downstream.accepted.stream()
                .filter(request -> request.input().partition().equals(FIRST))
                .filter(request -> request.tenant().equals("giant"))
                .map(request -> request.input().offset())
                .toList();
        assertThat(first)
                .as("the oldest first, and nothing newer than what lies in overflow")
                .isSubsetOf(open);
        assertThat(accepted("small")).hasSize(40);
    }

    /** Tests more tenants than a bundle has overflow partitions, one behind the other, served in turns at a limit. */
    @Test
    void backlogsThatShareAnOverflowPartitionAreNotMovedAgainAndAgain() {
        List<String> tenants = Stream.iterate(0, each -> each + 1)
                .limit(20)
                .map(each -> "t" + each)
                .toList();
        test = withMoves(new IntakeInSteps(new Intake.Bounds(1_000, 1 << 22, 100, 1_000, Duration.ofSeconds(5))));
        tenants.forEach(tenant -> publish(FIRST, tenant, 2_000));
        Map<String, Deque<Request>> open = new HashMap<>();
        Map<String, Integer> ended = new HashMap<>();
        int[] seen = {0};
        int[] turn = {0};
        long begun = test.clock.millis();
        int rounds = 1_500;
        test.then(() -> test.consumer.assigned(bundle()));
        for (int i = 0; i < rounds; i++) {
            test.then(() -> {
                        List<Request> accepted = test.downstream.accepted;
                        for (; seen[0] < accepted.size(); seen[0]++) {
                            Request request = accepted.get(seen[0]);
                            open.computeIfAbsent(request.tenant(), each -> new ArrayDeque<>())
                                    .add(request);
                        }
                        for (int served = 0, looked = 0; served < 4 && looked < tenants.size(); looked++) {
                            String tenant = tenants.get(turn[0]++ % tenants.size());
                            Request next = open.getOrDefault(tenant, new ArrayDeque<>())
                                    .poll();
                            if (next != null) {
                                test.ledger.commit(next.input());
                                ended.merge(tenant, 1, Integer::sum);
                                served++;
                            }
                        }
                    })
                    .rounds(1);
        }
        test.run();

        long again = test.downstream.moved.stream()
                .filter(request -> request.input().partition().topic().equals(FakeLog.TOPICS.overflow()))
                .count();
        long seconds = (test.clock.millis() - begun) / 1_000;
        assertThat(again).as("moved again in %s s", seconds).isLessThan(200 * (seconds + 1));
        int fair = ended.values().stream().mapToInt(Integer::intValue).sum() / tenants.size();
        assertThat(ended).as("served, of a fair part of %s", fair).hasSize(tenants.size());
        assertThat(ended.values()).allSatisfy(each -> assertThat(each).isGreaterThan(fair / 4));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everybodyIsReadOnceAndNobodyIsOvertakenByMuch(int seed) {
        Random random = new Random(seed);
        List<String> tenants = Stream.iterate(0, each -> each + 1)
                .limit(1 + random.nextInt(12))
                .map(each -> "t" + each)
                .toList();
        Map<String, List<String>> published = new HashMap<>();
        Runnable publishSome = () -> {
            String tenant = tenants.get(Math.min(random.nextInt(tenants.size()), random.nextInt(tenants.size())));
            long from = test.log.end(FIRST);
            publish(FIRST, tenant, 1 + random.nextInt(random.nextInt(4) == 0 ? 400 : 20));
            for (long offset = from; offset < test.log.end(FIRST); offset++) {
                published.computeIfAbsent(tenant, each -> new ArrayList<>()).add(tenant + "-" + offset);
            }
        };
        test.then(() -> test.consumer.assigned(bundle()));
        for (int i = 0; i < 150; i++) {
            test.then(() -> {
                        publishSome.run();
                        test.ledger.commit(random.nextInt(1 + test.ledger.openRecords()));
                    })
                    .rounds(1);
        }
        for (int i = 0; i < 600; i++) {
            test.then(() -> test.ledger.commit(test.ledger.openRecords())).rounds(1);
        }
        test.run();

        assertThat(test.downstream.moved)
                .as("what moved, of %s", tenants)
                .hasSizeGreaterThan(tenants.size() > 1 ? 50 : -1);
        tenants.forEach(tenant -> {
            List<String> all = published.getOrDefault(tenant, List.of());
            List<String> accepted = accepted(tenant);
            assertThat(accepted).as(tenant).containsExactlyInAnyOrderElementsOf(all);
            Map<String, Integer> order = new HashMap<>();
            accepted.forEach(id -> order.put(id, order.size()));
            for (int i = 0; i < all.size(); i++) {
                assertThat(order.get(all.get(i)))
                        .as("place of number %s of %s, %s", i, tenant, all.get(i))
                        .isLessThanOrEqualTo(i + READ_AHEAD);
            }
        });
    }
}
