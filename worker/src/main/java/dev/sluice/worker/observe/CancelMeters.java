package dev.sluice.worker.observe;

import dev.sluice.worker.pool.CancelledReport;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Meters of what cancelled requests have spared. Thread-safe. */
final class CancelMeters {
    private final MeterRegistry registry;
    private final LongAdder requests = new LongAdder();
    private final LongAdder calls = new LongAdder();
    private final LongAdder tokens = new LongAdder();
    private final Map<String, Counter> callsByModel = new ConcurrentHashMap<>();
    private final Map<String, Counter> tokensByModel = new ConcurrentHashMap<>();

    CancelMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Counts a request that ended as cancelled. */
    void cancelled() {
        requests.increment();
    }

    /**
     * Counts a call that was not made.
     *
     * @param estimatedTokens the tokens that it would have cost
     */
    void spared(String model, long estimatedTokens) {
        calls.increment();
        tokens.add(estimatedTokens);
        callsByModel
                .computeIfAbsent(
                        model,
                        name -> Counter.builder("sluice.spared.calls")
                                .description("Calls that were not made, since their requests were cancelled")
                                .tag("model", name)
                                .register(registry))
                .increment();
        tokensByModel
                .computeIfAbsent(
                        model,
                        name -> Counter.builder("sluice.spared.tokens")
                                .description("Tokens of these calls, by the mean of the model's answered calls")
                                .tag("model", name)
                                .register(registry))
                .increment((double) estimatedTokens);
    }

    CancelledReport report() {
        return new CancelledReport(requests.sum(), calls.sum(), tokens.sum());
    }
}
