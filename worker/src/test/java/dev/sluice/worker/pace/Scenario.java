package dev.sluice.worker.pace;

import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.RateLimitKind;
import java.time.Duration;
import java.util.List;

/**
 * What is simulated. Immutable; every {@code with} gives another one.
 *
 * @param limit what the workers are told
 * @param steps the API's limits, each for as long as it says; the last one for the rest
 * @param letters the least and the most that a request says
 */
record Scenario(
        int workers,
        dev.sluice.worker.pace.ConfiguredLimit limit,
        List<Step> steps,
        Duration duration,
        Answers answers,
        Span<Integer> letters) {

    record Span<T>(T least, T most) {}

    /** @param up whether calls are answered at all; while it is down, each fails */
    record Step(RateLimit limit, Duration lasts, boolean up) {
        static Step of(RateLimitKind kind, double perSecond, int seconds) {
            return new Step(RateLimit.requests(perSecond).withKind(kind), Duration.ofSeconds(seconds), true);
        }

        Step down() {
            return new Step(limit, lasts, false);
        }
    }

    /**
     * How the API answers.
     *
     * @param refusalTakes how long it takes to refuse
     * @param hints whether a refusal says how long to wait
     * @param headers whether every answer names the limits
     */
    record Answers(Span<Duration> latency, Duration refusalTakes, boolean hints, boolean headers) {}

    /**
     * One worker that knows nothing, and an API that counts within a sliding second and says when a refused call fits.
     */
    static Scenario of(Step... steps) {
        List<Step> all = List.of(steps);
        Duration duration = all.stream().map(Step::lasts).reduce(Duration.ZERO, Duration::plus);
        Span<Duration> latency = new Span<>(Duration.ofMillis(200), Duration.ofMillis(800));
        Answers answers = new Answers(latency, Duration.ofMillis(1), true, false);
        return new Scenario(
                1, dev.sluice.worker.pace.ConfiguredLimit.UNKNOWN, all, duration, answers, new Span<>(10, 10));
    }

    Scenario withWorkers(int count) {
        return new Scenario(count, limit, steps, duration, answers, letters);
    }

    Scenario withLimit(String told) {
        return new Scenario(
                workers, dev.sluice.worker.pace.ConfiguredLimit.parse(told), steps, duration, answers, letters);
    }

    Scenario withSizes(int fewest, int most) {
        return new Scenario(workers, limit, steps, duration, answers, new Span<>(fewest, most));
    }

    Scenario withLatency(Duration least, Duration most) {
        return with(new Answers(new Span<>(least, most), answers.refusalTakes(), answers.hints(), answers.headers()));
    }

    Scenario withRefusalsTaking(Duration takes) {
        return with(new Answers(answers.latency(), takes, answers.hints(), answers.headers()));
    }

    Scenario withoutHints() {
        return with(new Answers(answers.latency(), answers.refusalTakes(), false, answers.headers()));
    }

    Scenario withHeaders() {
        return with(new Answers(answers.latency(), answers.refusalTakes(), answers.hints(), true));
    }

    private Scenario with(Answers other) {
        return new Scenario(workers, limit, steps, duration, other, letters);
    }

    /** The API's limit so long after the start. */
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
