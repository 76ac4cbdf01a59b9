package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.LimitUnit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests and ends of calls in many lanes, while partitions come and go. */
class PaceModelTest {
    private static final int MAX_IN_FLIGHT = 64;

    private final VirtualTime time = new VirtualTime();
    private final List<Request> inFlight = new ArrayList<>();
    private final Set<Request> waiting = new HashSet<>();
    private final List<Assignment> bulk = new ArrayList<>();
    private final List<Assignment> express = new ArrayList<>();
    private final Pace pace = new Pace(
            ConfiguredLimits.each(ConfiguredLimit.UNKNOWN),
            new Pace.Bounds(MAX_IN_FLIGHT, Map.of("t1", 5), () -> true),
            time,
            new Pace.Callbacks(
                    request -> request.input().offset() % 50 == 0,
                    this::call,
                    request -> assertThat(waiting.remove(request)).isTrue()),
            () -> {});
    private long offset;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void eachRequestIsCalledOrDroppedAndNoCallIsCountedForEver(long seed) {
        Random random = new Random(seed);
        int models = 2 + random.nextInt(80);
        for (int i = 0; i < 3; i++) {
            bulk.add(new Assignment(new TopicPartition("chat.requests", i)));
            express.add(new Assignment(new TopicPartition("chat.requests.express", i)));
        }
        for (int i = 0; i < 8_000; i++) {
            if ((i / 1_000) % 2 == 0 || random.nextInt(3) == 0) {
                accept("m" + random.nextInt(models), random);
            }
            if (!inFlight.isEmpty() && random.nextInt(3) > 0) {
                end(random);
            }
            if (random.nextInt(200) == 0) {
                withdraw(random);
            }
            time.passNanos(random.nextLong(20_000_000));
            pace.step();
            assertThat(inFlight).hasSizeLessThanOrEqualTo(MAX_IN_FLIGHT);
        }
        endAll();
        assertThat(waiting)
                .as("every request was called, dropped or has expired")
                .isEmpty();

        for (int i = 0; i < MAX_IN_FLIGHT; i++) {
            accept("another", new Random(seed));
        }
        for (int i = 0; i < 1_000; i++) {
            time.pass(Duration.ofMillis(10));
            pace.step();
        }

        assertThat(inFlight).as("the calls of a lane alone").hasSizeBetween(MAX_IN_FLIGHT * 4 / 9, MAX_IN_FLIGHT / 2);
    }

    private void call(Request request, Runnable onSend) {
        assertThat(waiting.remove(request)).isTrue();
        onSend.run();
        inFlight.add(request);
    }

    private void accept(String model, Random random) {
        List<Assignment> from = random.nextInt(3) == 0 ? express : bulk;
        Request request = Requests.ofModel(model)
                .under(from.get(random.nextInt(from.size())))
                .at(++offset)
                .counted(random.nextInt(2), 0)
                .ofTenant("t" + random.nextInt(400))
                .build();
        waiting.add(request);
        pace.accept(request);
    }

    private void end(Random random) {
        Request request = inFlight.remove(random.nextInt(inFlight.size()));
        CallFeedback failed = CallFeedback.failed(FailureKind.SERVER, "503", false);
        switch (random.nextInt(12)) {
            case 0 -> pace.ended(request, failed);
            case 1 -> pace.ended(request, CallFeedback.CANCELLED);
            case 2 -> pace.ended(request, CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO));
            case 3 -> putBack(request, CallFeedback.blocked("402"));
            case 4 -> putBack(request, failed);
            default -> pace.ended(request, CallFeedback.PASSED);
        }
    }

    private void putBack(Request request, CallFeedback feedback) {
        if (bulk.contains(request.assignment()) || express.contains(request.assignment())) {
            waiting.add(request);
        }
        pace.putBack(request, feedback);
    }

    private void withdraw(Random random) {
        List<Assignment> from = random.nextBoolean() ? express : bulk;
        Assignment gone = from.get(0);
        from.set(0, new Assignment(gone.partition()));
        var unused = pace.withdraw(Set.of(gone));
        pace.step();
        waiting.removeIf(request -> request.assignment() == gone);
    }

    private void endAll() {
        for (int i = 0; i < 100_000 && !(inFlight.isEmpty() && waiting.isEmpty()); i++) {
            inFlight.forEach(request -> pace.ended(request, CallFeedback.PASSED));
            inFlight.clear();
            time.pass(Duration.ofMillis(100));
            pace.step();
        }
    }
}
