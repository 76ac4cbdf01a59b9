package dev.sluice.worker.observe;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.outcome.OutcomeClassifier.Verdict;
import dev.sluice.worker.pool.CallsReport;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.provider.TogetherApi;
import dev.sluice.worker.provider.TokenUsage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Meters of calls. Their names and buckets are those of OpenTelemetry's semantic conventions for generative AI, if
 * these have one. Thread-safe. A report costs a few look-ups and blocks nobody.
 */
public final class CallMeters {
    private final MeterRegistry registry;
    private final BoundedNames models;
    private final BoundedNames tenants;
    private final CancelMeters cancels;
    private final LongAdder answered = new LongAdder();
    private final LongAdder rateLimited = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Map<String, Timer> waits = new ConcurrentHashMap<>();
    private final Map<Ending, Counter> calls = new ConcurrentHashMap<>();
    private final Map<Answer, Timer> durations = new ConcurrentHashMap<>();
    private final Map<Spent, Counter> tokens = new ConcurrentHashMap<>();
    private final Map<Size, DistributionSummary> usages = new ConcurrentHashMap<>();

    private record Ending(String model, String status, String outcome) {}

    private record Answer(String model, String status) {}

    private record Spent(String model, String tenant, String type) {}

    private record Size(String model, String type) {}

    CallMeters(MeterRegistry registry, BoundedNames models, BoundedNames tenants) {
        this.registry = registry;
        this.models = models;
        this.tenants = tenants;
        this.cancels = new CancelMeters(registry);
    }

    /**
     * Reports that a request is called now.
     *
     * @param nowMillis epoch ms; the request has waited from when it was due until then
     */
    public void begins(Request request, long nowMillis) {
        InputRecord input = request.input();
        long since = Math.max(input.enqueuedAt(), input.notBefore());
        waits.computeIfAbsent(models.of(request.model()), this::wait)
                .record(Math.max(0, nowMillis - since), TimeUnit.MILLISECONDS);
    }

    /**
     * Reports that a call has ended.
     *
     * @param verdict the verdict on the request; empty if the call was cancelled
     */
    public void ended(Request request, CallResult result, Optional<Verdict> verdict) {
        String model = models.of(request.model());
        String status = StatusLabel.of(result, verdict);
        String outcome = verdict.map(end -> end.outcome().word()).orElse("none");
        calls.computeIfAbsent(new Ending(model, status, outcome), this::calls).increment();
        durations
                .computeIfAbsent(new Answer(model, status), this::duration)
                .record(result.tookMillis(), TimeUnit.MILLISECONDS);
        verdict.flatMap(end -> end.feedback().usage()).ifPresent(usage -> spent(request, model, usage));
        if (result instanceof CallResult.Aborted) {
            cancels.cancelled();
        }
        count(result, status);
    }

    private void count(CallResult result, String status) {
        if (result instanceof CallResult.Answered || result instanceof CallResult.Failed) {
            LongAdder ending = switch (status) {
                case StatusLabel.OK -> answered;
                case StatusLabel.RATE_LIMITED -> rateLimited;
                default -> failed;
            };
            ending.increment();
        }
    }

    /**
     * Reports that a request was cancelled before its call.
     *
     * @param isSpared true if the request would have been called itself
     */
    public void cancelled(Request request, boolean isSpared) {
        cancels.cancelled();
        if (isSpared) {
            String model = models.of(request.model());
            cancels.spared(model, Math.round(mean(model, "input") + mean(model, "output")));
        }
    }

    /** Returns the tokens of the model's mean call; 0 while none was answered. */
    private double mean(String model, String type) {
        DistributionSummary known = usages.get(new Size(model, type));
        return known == null ? 0 : known.mean();
    }

    /** Returns what was cancelled so far, and what that has spared. */
    public CancelledReport cancelled() {
        return cancels.report();
    }

    /** Returns how the calls so far have ended. */
    public CallsReport endedCalls() {
        return new CallsReport(answered.sum(), rateLimited.sum(), failed.sum());
    }

    private void spent(Request request, String model, TokenUsage usage) {
        String tenant = tenants.of(request.input().header(WireHeaders.TENANT).orElse(""));
        spent(model, tenant, "input", usage.prompt());
        spent(model, tenant, "output", usage.completion());
    }

    private void spent(String model, String tenant, String type, long amount) {
        tokens.computeIfAbsent(new Spent(model, tenant, type), this::tokens).increment((double) amount);
        usages.computeIfAbsent(new Size(model, type), this::usage).record((double) amount);
    }

    private Timer wait(String model) {
        return Timer.builder("sluice.queue.wait")
                .description("From when a request was due until it was called")
                .serviceLevelObjectives(HistogramBuckets.WAITS)
                .tag("model", model)
                .register(registry);
    }

    private Counter calls(Ending ending) {
        return Counter.builder("sluice.calls")
                .description("Calls that ended, by HTTP status or failure, and what becomes of the request")
                .tag("model", ending.model())
                .tag("status", ending.status())
                .tag("outcome", ending.outcome())
                .register(registry);
    }

    private Timer duration(Answer answer) {
        return Timer.builder("gen_ai.client.operation.duration")
                .description("Calls of the API; error_type is empty for those that were answered well")
                .serviceLevelObjectives(HistogramBuckets.CALLS)
                .tags(conventional(answer.model()))
                .tag("error.type", answer.status().equals(StatusLabel.OK) ? "" : answer.status())
                .register(registry);
    }

    private DistributionSummary usage(Size size) {
        return DistributionSummary.builder("gen_ai.client.token.usage")
                .description("Tokens of a call, as the API counts them")
                .serviceLevelObjectives(HistogramBuckets.TOKENS)
                .tags(conventional(size.model()))
                .tag("gen_ai.token.type", size.type())
                .register(registry);
    }

    private Counter tokens(Spent spent) {
        return Counter.builder("sluice.tokens")
                .description("Tokens spent, as the API counts them")
                .tag("model", spent.model())
                .tag("tenant", spent.tenant())
                .tag("type", spent.type())
                .register(registry);
    }

    private static Tags conventional(String model) {
        return Tags.of(
                "gen_ai.operation.name",
                "chat",
                "gen_ai.provider.name",
                TogetherApi.TELEMETRY_NAME,
                "gen_ai.request.model",
                model);
    }
}
