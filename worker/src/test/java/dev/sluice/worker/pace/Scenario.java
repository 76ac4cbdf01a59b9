package dev.sluice.worker.pace;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.RateLimitKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The setup of a simulation. Immutable; every {@code with} returns a changed copy.
 *
 * @param limit the configured limit of the workers
 * @param steps the API's limits, one after another; the last one holds for the rest
 * @param letters the least and the most letters of a request
 * @param pool how long a report takes to reach a worker; empty if workers tell each other nothing
 */
record Scenario(
        int workers,
        ConfiguredLimit limit,
        List<Step> steps,
        Duration duration,
        Answers answers,
        Span<Integer> letters,
        Load load,
        Optional<Span<Duration>> pool) {

    /** The ways in which requests are divided among the workers. */
    enum Load {
        /** Each worker has a backlog. */
        EVEN,
        /** The first worker has a backlog, and the others have nothing. */
        ONE,
        /** The first worker has a backlog, and each of the others gets a request a second. */
        TRICKLE,
        /** The first worker has a backlog, and each of the others gets a request every three minutes. */
        RARE,
        /** The backlog of the first worker comes and goes, and the others have one all the time. */
        FLAPPING
    }

    record Span<T>(T least, T most) {}

    /** @param up true if calls are answered; if false, each fails */
    record Step(RateLimit limit, Duration lasts, boolean up) {
        static Step of(RateLimitKind kind, double perSecond, int seconds) {
            return new Step(RateLimit.requests(perSecond).withKind(kind), Duration.ofSeconds(seconds), true);
        }

        Step down() {
            return new Step(limit, lasts, false);
        }
    }

    /**
     * The behaviour of the API.
     *
     * @param rejectionTakes how long it takes to reject a call
     * @param hints true if a rejection says how long to wait
     * @param headers true if every answer advertises the limits
     */
    record Answers(Span<Duration> latency, Duration rejectionTakes, boolean hints, boolean headers) {}

    /** Returns a scenario of one worker without a configured limit, and an API that says when a rejected call fits. */
    static Scenario of(Step... steps) {
        List<Step> all = List.of(steps);
        Duration duration = all.stream().map(Step::lasts).reduce(Duration.ZERO, Duration::plus);
        Span<Duration> latency = new Span<>(Duration.ofMillis(200), Duration.ofMillis(800));
        Answers answers = new Answers(latency, Duration.ofMillis(1), true, false);
        return new Scenario(
                1, ConfiguredLimit.UNKNOWN, all, duration, answers, new Span<>(10, 10), Load.EVEN, Optional.empty());
    }

    Scenario withWorkers(int count) {
        return new Scenario(count, limit, steps, duration, answers, letters, load, pool);
    }

    Scenario withLoad(Load other) {
        return new Scenario(workers, limit, steps, duration, answers, letters, other, pool);
    }

    /** Returns a scenario in which the workers report to each other. */
    Scenario withPool(Duration least, Duration most) {
        return new Scenario(
                workers, limit, steps, duration, answers, letters, load, Optional.of(new Span<>(least, most)));
    }

    Scenario withLimit(String limitText) {
        return new Scenario(workers, ConfiguredLimit.parse(limitText), steps, duration, answers, letters, load, pool);
    }

    Scenario withSizes(int fewest, int most) {
        return new Scenario(workers, limit, steps, duration, answers, new Span<>(fewest, most), load, pool);
    }

    Scenario withLatency(Duration least, Duration most) {
        return with(new Answers(new Span<>(least, most), answers.rejectionTakes(), answers.hints(), answers.headers()));
    }

    Scenario withRejectionsTaking(Duration takes) {
        return with(new Answers(answers.latency(), takes, answers.hints(), answers.headers()));
    }

    Scenario withoutHints() {
        return with(new Answers(answers.latency(), answers.rejectionTakes(), false, answers.headers()));
    }

    Scenario withHeaders() {
        return with(new Answers(answers.latency(), answers.rejectionTakes(), answers.hints(), true));
    }

    private Scenario with(Answers other) {
        return new Scenario(workers, limit, steps, duration, other, letters, load, pool);
    }

    /** Returns how many requests the API allows in all the time; 0 if it limits tokens. */
    int allowed() {
        return (int) steps.stream()
                .filter(step -> step.limit().requestsPerSecond() != null)
                .mapToDouble(
                        step -> step.limit().requestsPerSecond() * step.lasts().toSeconds())
                .sum();
    }

    /** Returns the API's limit at this time after the start. */
    RateLimit api(long nanos) {
        return step(nanos).limit();
    }

    boolean isUp(long nanos) {
        return step(nanos).up();
    }

    private Step step(long nanos) {
        long left = nanos;
        for (Step step : steps) {
            left -= step.lasts().toNanos();
            if (left < 0) {
                return step;
            }
        }
        return steps.get(steps.size() - 1);
    }
}
