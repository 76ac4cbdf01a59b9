package dev.sluice.worker.observe;

import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.provider.TogetherApi;
import dev.sluice.worker.settle.SettleListener;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of a request's wait, of its call, and of settling its outcome. Thread-safe.
 *
 * <p>All of them are children of the span that the request's {@code traceparent} names, which is usually its
 * producer's. Every record of the request carries that header on, so that one trace spans requeues, workers and the
 * reader of the reply. A request without the header has a span for its call only, which begins a trace.
 *
 * <p>Without OpenTelemetry's SDK in the process nothing is kept, and the API receives the producer's header.
 */
public final class Tracing implements SettleListener {
    private static final TextMapPropagator W3C = W3CTraceContextPropagator.getInstance();
    private static final TextMapGetter<InputRecord> HEADERS = new TextMapGetter<>() {
        @Override
        public @Nullable String get(@Nullable InputRecord input, String name) {
            return input == null ? null : input.header(name).orElse(null);
        }
    };

    /** A valid parent that is not sampled, so that its children are not sampled either. */
    private static final SpanContext UNSAMPLED = SpanContext.create(
            "00000000000000000000000000000001", "0000000000000001", TraceFlags.getDefault(), TraceState.getDefault());

    private final Tracer tracer;
    private final Clock clock;

    /** @param clock the source of timestamps in epoch ms */
    public Tracing(OpenTelemetry telemetry, Clock clock) {
        this.tracer = telemetry.getTracer("dev.sluice.worker");
        this.clock = clock;
    }

    /** Runs work that belongs to no request. An agent with default settings keeps no span of it. */
    public static void untraced(Runnable work) {
        Context.root().with(Span.wrap(UNSAMPLED)).wrap(work).run();
    }

    /** Begins the span of a request that is called now, and makes the span of its wait. */
    public TracedCall begins(Request request) {
        InputRecord input = request.input();
        Context context = contextOf(input);
        if (isTraced(context)) {
            long now = clock.millis();
            long since = Math.min(now, Math.max(input.enqueuedAt(), input.notBefore()));
            span("wait", SpanKind.INTERNAL, input, context)
                    .setStartTimestamp(since, TimeUnit.MILLISECONDS)
                    .startSpan()
                    .end(now, TimeUnit.MILLISECONDS);
        }
        String model = BoundedNames.label(request.model());
        Span call = span("chat " + model, SpanKind.CLIENT, input, context)
                .setAttribute("gen_ai.operation.name", "chat")
                .setAttribute("gen_ai.provider.name", TogetherApi.TELEMETRY_NAME)
                .setAttribute("gen_ai.request.model", model)
                .startSpan();
        Map<String, String> headers = new HashMap<>();
        W3C.inject(context.with(call), headers, Tracing::put);
        return new TracedCall(call, headers);
    }

    @Override
    public void committed(InputRecord input, Outcome outcome, long knownAtMillis) {
        Context context = contextOf(input);
        if (isTraced(context)) {
            span("settle", SpanKind.PRODUCER, input, context)
                    .setAttribute("sluice.outcome", outcome.word())
                    .setStartTimestamp(knownAtMillis, TimeUnit.MILLISECONDS)
                    .startSpan()
                    .end(Math.max(knownAtMillis, clock.millis()), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void transactionEnded(boolean committed, long nanos) {
        // A transaction belongs to no single request.
    }

    private SpanBuilder span(String name, SpanKind kind, InputRecord input, Context context) {
        return tracer.spanBuilder(name)
                .setParent(context)
                .setSpanKind(kind)
                .setAttribute("sluice.request.id", input.id())
                .setAttribute("sluice.attempts", input.attempts())
                .setAttribute("sluice.deferrals", input.deferrals());
    }

    private static Context contextOf(InputRecord input) {
        return W3C.extract(Context.root(), input, HEADERS);
    }

    private static boolean isTraced(Context context) {
        return Span.fromContext(context).getSpanContext().isValid();
    }

    private static void put(@Nullable Map<String, String> headers, String name, String value) {
        if (headers != null) {
            headers.put(name, value);
        }
    }
}
