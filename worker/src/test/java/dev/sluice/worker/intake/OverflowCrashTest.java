package dev.sluice.worker.intake;

import static dev.sluice.worker.intake.FakeLog.requests;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A bundle with backlogs of several models and tenants, some of them held for a while, and owners that crash. */
@Tag("simulation")
class OverflowCrashTest {
    private static final List<TopicPartition> BUNDLE = Stream.concat(
                    Stream.of(
                            requests(0),
                            new TopicPartition(FakeLog.TOPICS.retry(), 0),
                            new TopicPartition(FakeLog.TOPICS.express(), 0)),
                    FakeLog.TOPICS.partitionsOf(FakeLog.TOPICS.overflow(), 0).stream())
            .toList();

    private final FakeLog log = new FakeLog();
    private final Map<TopicPartition, Set<Long>> done = new HashMap<>();
    private final Set<String> published = new HashSet<>();
    private final List<String> ended = new ArrayList<>();
    private final Set<String> held = new HashSet<>();
    private final Set<Request> open = new HashSet<>();
    private int id;

    private void publish(Random random, long now) {
        String flow = "f" + Math.min(random.nextInt(30), random.nextInt(30));
        int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 300 : 10);
        TopicPartition to = BUNDLE.get(Math.max(0, random.nextInt(5) - 2));
        for (int i = 0; i < count; i++) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.ID, "r" + id);
            WireHeaders.set(headers, WireHeaders.TENANT, flow);
            if (random.nextInt(20) == 0) {
                WireHeaders.set(headers, WireHeaders.NOT_BEFORE, now + random.nextInt(5_000));
            }
            published.add("r" + id++);
            String model = "m" + flow.charAt(flow.length() - 1);
            log.request(to, now, headers, ("{\"model\":\"" + model + "\",\"messages\":[]}").getBytes(UTF_8));
        }
    }

    private void end(IntakeInSteps owner, InputRecord input) {
        owner.ledger.commit(input);
        done.computeIfAbsent(input.partition(), each -> new HashSet<>()).add(input.offset());
    }

    private void own(int readAhead, Random random, long now, boolean isLast) {
        IntakeInSteps owner =
                new IntakeInSteps(new Intake.Bounds(readAhead, 1 << 20, 100, 1_000, Duration.ofSeconds(5)), log);
        owner.clock.pass(Duration.ofMillis(now));
        done.forEach((partition, offsets) -> owner.ledger.done.put(partition, Set.copyOf(offsets)));
        owner.downstream.onMove = (request, to) -> {
            TopicPartition overflow = new TopicPartition(FakeLog.TOPICS.overflow(), to);
            RecordHeaders headers =
                    new RecordHeaders(request.input().record().headers().toArray());
            if (request.isExpress()) {
                WireHeaders.set(headers, WireHeaders.PRIORITY, WireHeaders.EXPRESS);
            }
            log.request(overflow, owner.clock.millis(), headers, request.body());
            log.gap(overflow);
            end(owner, request.input());
        };
        open.clear();
        int[] seen = {0};
        Runnable endSome = () -> {
            List<Request> accepted = owner.downstream.accepted;
            for (; seen[0] < accepted.size(); seen[0]++) {
                open.add(accepted.get(seen[0]));
            }
            open.removeIf(request -> {
                boolean ends = isLast || (!held.contains(request.model()) && random.nextInt(4) == 0);
                if (ends) {
                    ended.add(request.input().id());
                    end(owner, request.input());
                }
                return ends;
            });
            List.copyOf(owner.downstream.postponed).forEach(input -> {
                RecordHeaders headers =
                        new RecordHeaders(input.record().headers().toArray());
                log.request(BUNDLE.get(1), input.notBefore(), headers, input.value());
                end(owner, input);
            });
            owner.downstream.postponed.clear();
        };
        owner.then(() -> owner.consumer.assigned(BUNDLE.toArray(TopicPartition[]::new)));
        int publishes = Math.min(readAhead, 40);
        for (int i = 0; i < (isLast ? 1_500 : 50); i++) {
            boolean isPublishing = !isLast && i < publishes;
            owner.then(() -> {
                        if (isPublishing) {
                            publish(random, owner.clock.millis());
                        }
                        endSome.run();
                    })
                    .rounds(1);
        }
        owner.run();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void everythingEndsOnce(int seed) {
        Random random = new Random(seed);
        int readAhead = List.of(1, 2, 3, 10, 40, 200).get(seed % 6);
        for (int owner = 0; owner < 4; owner++) {
            held.clear();
            held.add("m" + random.nextInt(10));
            held.add("m" + random.nextInt(10));
            own(readAhead, random, owner * 100_000L, false);
        }
        own(readAhead, random, 600_000, true);

        assertThat(new HashSet<>(ended)).hasSameSizeAs(ended);
        Set<String> lost = new HashSet<>(published);
        lost.removeAll(ended);
        assertThat(lost.size()).as("of %s with %s", published.size(), readAhead).isZero();
    }
}
