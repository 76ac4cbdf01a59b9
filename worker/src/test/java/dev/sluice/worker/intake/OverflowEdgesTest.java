package dev.sluice.worker.intake;

import static dev.sluice.worker.intake.FakeLog.requests;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nobody waits for ever, whatever becomes of the records that have moved and however little room there is. */
@Tag("simulation")
class OverflowEdgesTest {
    private static final TopicPartition FIRST = requests(0);
    private static final TopicPartition RETRY = new TopicPartition(FakeLog.TOPICS.retry(), 0);

    private IntakeInSteps test = withMoves(100);

    private static IntakeInSteps withMoves(int readAhead) {
        return withMoves(readAhead, new FakeLog());
    }

    private static IntakeInSteps withMoves(int readAhead, FakeLog log) {
        IntakeInSteps steps =
                new IntakeInSteps(new Intake.Bounds(readAhead, 1 << 20, 100, 1_000, Duration.ofSeconds(5)), log);
        steps.downstream.onMove = (request, to) -> {
            append(steps, request, to);
            steps.ledger.commit(request.input());
        };
        return steps;
    }

    private static void append(IntakeInSteps steps, Request request, int to) {
        TopicPartition overflow = overflow(to);
        RecordHeaders headers =
                new RecordHeaders(request.input().record().headers().toArray());
        steps.log.request(overflow, steps.clock.millis(), headers, request.body());
        steps.log.gap(overflow);
    }

    private static TopicPartition overflow(int partition) {
        return new TopicPartition(FakeLog.TOPICS.overflow(), partition);
    }

    private static TopicPartition[] bundle() {
        return Stream.concat(
                        Stream.of(FIRST, RETRY), FakeLog.TOPICS.partitionsOf(FakeLog.TOPICS.overflow(), 0).stream())
                .toArray(TopicPartition[]::new);
    }

    private void publish(TopicPartition partition, String model, String tenant, int count) {
        for (int i = 0; i < count; i++) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.TENANT, tenant);
            WireHeaders.set(headers, WireHeaders.ID, tenant + "-" + test.log.end(partition));
            byte[] body = ("{\"model\":\"" + model + "\",\"messages\":[]}").getBytes(UTF_8);
            test.log.request(partition, test.clock.millis(), headers, body);
        }
    }

    private List<String> accepted(String tenant) {
        return test.downstream.accepted.stream()
                .filter(request -> request.tenant().equals(tenant))
                .map(request -> request.input().id())
                .toList();
    }

    /** Ends the requests of all tenants but this one, a few in each round. */
    private void endAllBut(String held, int rounds) {
        for (int i = 0; i < rounds; i++) {
            test.then(() -> {
                        test.downstream.refused.forEach(refusal -> test.ledger.commit(refusal.input()));
                        test.downstream.accepted.stream()
                                .filter(request -> !request.tenant().startsWith(held))
                                .forEach(request -> test.ledger.commit(request.input()));
                    })
                    .rounds(1);
        }
    }

    @Test
    void aModelThatIsHeldKeepsNoOtherModelOutHoweverManyTenantsItHas() {
        for (int i = 0; i < 40; i++) {
            publish(RETRY, "held", "held-" + i, 100);
        }
        publish(RETRY, "other", "other", 5);

        test.then(() -> test.consumer.assigned(bundle()));
        endAllBut("held", 120);
        test.run();

        assertThat(accepted("other")).hasSize(5);
    }

    /** Each has so little that nobody gains anything if it moves for another one. */
    @Test
    void nothingMovesWhereThousandsShareTheReadAhead() {
        test = withMoves(512);
        List<Request> moved = new ArrayList<>();
        test.downstream.onMove = (request, to) -> moved.add(request);
        for (int i = 0; i < 3_000; i++) {
            publish(FIRST, "m", "tenant-" + i % 700, 1);
        }

        test.then(() -> test.consumer.assigned(bundle()));
        for (int i = 0; i < 100; i++) {
            int each = i;
            test.then(() -> test.downstream.accepted.stream()
                            .skip(40L * each)
                            .limit(40)
                            .forEach(request -> test.ledger.commit(request.input())))
                    .rounds(1);
        }
        test.run();

        assertThat(moved).isEmpty();
        assertThat(test.downstream.accepted).hasSize(3_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 10, 20})
    void whoLiesBehindOneThatIsHeldIsReadHoweverLittleRoomThereIs(int readAhead) {
        test = withMoves(readAhead);
        publish(FIRST, "m", "held", 100);
        publish(FIRST, "m", "small", 20);
        publish(RETRY, "m", "held", 100);
        publish(RETRY, "m", "small", 20);

        test.then(() -> test.consumer.assigned(bundle()));
        endAllBut("held", 200);
        test.run();

        assertThat(accepted("small")).hasSize(40);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unreadable", "refused", "never written", "not due"})
    void theRestIsReadWhateverBecameOfWhatHasMoved(String end) {
        BiConsumer<Request, Integer> moves = test.downstream.onMove;
        test.downstream.onMove = (request, to) -> {
            if (request.input().offset() % 100 != 99) {
                moves.accept(request, to);
                return;
            }
            TopicPartition overflow = overflow(to);
            RecordHeaders headers =
                    new RecordHeaders(request.input().record().headers().toArray());
            switch (end) {
                case "unreadable" -> test.log.corrupt(overflow);
                case "refused" -> test.log.request(overflow, test.clock.millis(), headers, new byte[0]);
                case "not due" -> {
                    WireHeaders.set(headers, WireHeaders.NOT_BEFORE, test.clock.millis() + 5_000);
                    test.log.request(overflow, test.clock.millis(), headers, request.body());
                }
                default -> {}
            }
            test.ledger.commit(request.input());
        };
        publish(FIRST, "m", "giant", 1_000);
        publish(FIRST, "m", "small", 20);

        test.then(() -> test.consumer.assigned(bundle()));
        endAllBut("none", 200);
        test.then(() -> publish(FIRST, "m", "giant", 7));
        endAllBut("none", 200);
        test.run();

        assertThat(accepted("giant"))
                .containsAll(IntStream.range(1_020, 1_027)
                        .mapToObj(each -> "giant-" + each)
                        .toList());
    }

    @Test
    void ofWhatWasMovedBeforeATakeoverNobodyWaitsForAnothersRest() {
        TopicPartition shared = overflow(0);
        publish(shared, "m", "small", 3);
        publish(shared, "m", "held", 1_000);
        publish(FIRST, "m", "small", 20);

        test.then(() -> test.consumer.assigned(bundle()));
        endAllBut("held", 60);
        test.run();

        assertThat(accepted("small")).hasSize(23);
    }

    @Test
    void anOverflowPartitionWithoutALeaderKeepsNoOthersOut() {
        test.log.leaderless.add(overflow(1));
        publish(overflow(0), "m", "a", 1);
        publish(overflow(2), "m", "b", 1);
        publish(overflow(7), "m", "c", 1);

        test.then(() -> test.consumer.assigned(bundle()))
                .rounds(60)
                .then(() -> {
                    assertThat(accepted("a")).hasSize(1);
                    assertThat(accepted("b")).hasSize(1);
                    assertThat(accepted("c")).hasSize(1);
                    publish(overflow(1), "m", "d", 1);
                    test.log.leaderless.clear();
                })
                .rounds(60)
                .run();

        assertThat(accepted("d")).hasSize(1);
    }
}
