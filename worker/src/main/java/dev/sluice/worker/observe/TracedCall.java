package dev.sluice.worker.observe;

import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.outcome.OutcomeClassifier.Verdict;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import java.util.Map;
import java.util.Optional;

/** The span of a call under way. Thread-safe. {@link #ended} may be called once. */
public final class TracedCall {
    private final Span span;
    private final Map<String, String> headers;

    TracedCall(Span span, Map<String, String> headers) {
        this.span = span;
        this.headers = Map.copyOf(headers);
    }

    /** Returns the headers that tell the API of the trace; empty if there is none. */
    public Map<String, String> headers() {
        return headers;
    }

    /** Starts the call. Its span is the parent of whatever an agent traces on the way, such as the HTTP client. */
    public void start(Runnable call) {
        Context.current().with(span).wrap(call).run();
    }

    /**
     * Ends the span, whatever the result.
     *
     * @param verdict the verdict on the request; empty if the call was cancelled
     */
    public void ended(CallResult result, Optional<Verdict> verdict) {
        if (result instanceof CallResult.Answered answered) {
            span.setAttribute("http.response.status_code", answered.status());
        }
        verdict.flatMap(end -> end.feedback().usage()).ifPresent(usage -> {
            span.setAttribute("gen_ai.usage.input_tokens", usage.prompt());
            span.setAttribute("gen_ai.usage.output_tokens", usage.completion());
        });
        String status = StatusLabel.of(result, verdict);
        if (!status.equals(StatusLabel.OK)) {
            span.setAttribute("error.type", status);
            span.setStatus(StatusCode.ERROR);
        }
        verdict.ifPresent(
                end -> span.setAttribute("sluice.outcome", end.outcome().word()));
        span.end();
    }
}
