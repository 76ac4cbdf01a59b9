package dev.sluice.worker.pace;

import dev.sluice.sandbox.LimitKind;
import java.time.Duration;
import java.util.List;

/**
 * What is simulated. Immutable; every {@code with} gives another one.
 *
 * @param limit what the workers are told
 * @param steps the API's limits, each for as long as it says; the last one for the rest
 * @param backlog requests that wait at the start
 * @param refusalTakes how long the API takes to refuse
 * @param hints whether a refusal says how long to wait
 * @param headers whether every answer names the limits
 * @param outputPerInput tokens of the answer for each of the prompt
 */
record Scenario(
        int workers,
        Limit limit,
        List<Step> steps,
        Duration duration,
        int backlog,
        Duration fastest,
        Duration slowest,
        Duration refusalTakes,
        boolean hints,
        boolean headers,
        int fewestLetters,
        int mostLetters,
        double outputPerInput) {

    record Step(dev.sluice.sandbox.Limit limit, Duration lasts) {
        static Step of(LimitKind kind, double perSecond, int seconds) {
            return new Step(dev.sluice.sandbox.Limit.requests(perSecond).withKind(kind), Duration.ofSeconds(seconds));
        }
    }

    /** One worker that knows nothing, and an API that counts within a sliding second and says when a refused call fits. */
    static Scenario of(Step... steps) {
        List<Step> all = List.of(steps);
        Duration duration = all.stream().map(Step::lasts).reduce(Duration.ZERO, Duration::plus);
        return new Scenario(
                1,
                Limit.UNKNOWN,
                all,
                duration,
                40_000,
                Duration.ofMillis(200),
                Duration.ofMillis(800),
                Duration.ofMillis(1),
                true,
                false,
                10,
                10,
                1);
    }

    Scenario withWorkers(int count) {
        return new Scenario(
                count,
                limit,
                steps,
                duration,
                backlog,
                fastest,
                slowest,
                refusalTakes,
                hints,
                headers,
                fewestLetters,
                mostLetters,
                outputPerInput);
    }

    Scenario withLimit(String told) {
        return new Scenario(
                workers,
                Limit.parse(told),
                steps,
                duration,
                backlog,
                fastest,
                slowest,
                refusalTakes,
                hints,
                headers,
                fewestLetters,
                mostLetters,
                outputPerInput);
    }

    Scenario withLatency(Duration least, Duration most) {
        return new Scenario(
                workers,
                limit,
                steps,
                duration,
                backlog,
                least,
                most,
                refusalTakes,
                hints,
                headers,
                fewestLetters,
                mostLetters,
                outputPerInput);
    }

    Scenario withRefusalsTaking(Duration takes) {
        return new Scenario(
                workers,
                limit,
                steps,
                duration,
                backlog,
                fastest,
                slowest,
                takes,
                hints,
                headers,
                fewestLetters,
                mostLetters,
                outputPerInput);
    }

    Scenario withoutHints() {
        return new Scenario(
                workers,
                limit,
                steps,
                duration,
                backlog,
                fastest,
                slowest,
                refusalTakes,
                false,
                headers,
                fewestLetters,
                mostLetters,
                outputPerInput);
    }

    Scenario withHeaders() {
        return new Scenario(
                workers,
                limit,
                steps,
                duration,
                backlog,
                fastest,
                slowest,
                refusalTakes,
                hints,
                true,
                fewestLetters,
                mostLetters,
                outputPerInput);
    }

    Scenario withSizes(int fewest, int most) {
        return new Scenario(
                workers,
                limit,
                steps,
                duration,
                backlog,
                fastest,
                slowest,
                refusalTakes,
                hints,
                headers,
                fewest,
                most,
                outputPerInput);
    }

    /** The API's limit so long after the start. */
    dev.sluice.sandbox.Limit api(long nanos) {
        long left = nanos;
        for (Step step : steps) {
            left -= step.lasts().toNanos();
            if (left < 0) {
                return step.limit();
            }
        }
        return steps.get(steps.size() - 1).limit();
    }
}
