package dev.sluice.sandbox;

import dev.sluice.sandbox.ApiFault.BodyForm;
import dev.sluice.sandbox.ApiFault.Reply;
import dev.sluice.sandbox.LimitVerdict.Dimension;
import dev.sluice.sandbox.PlannedAnswer.Delivery;
import dev.sluice.sandbox.SampleCompletions.Completion;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides the answer of a call by the real API's order of checks. These are the edge (User-Agent), the key, the body,
 * the model, the faults, the limiter and the completion. It knows nothing of sockets. The class is thread-safe.
 */
final class ChatApi {
    private final LongSupplier nanoTime;
    private final InstantSource clock;
    private final FaultPicker faults = new FaultPicker();
    private final Map<String, ModelLimiter> limiters = new ConcurrentHashMap<>();
    private final Random random = new Random();
    private final SampleCompletions completions = new SampleCompletions(random);

    ChatApi(LongSupplier nanoTime, InstantSource clock, long seed) {
        this.nanoTime = nanoTime;
        this.clock = clock;
        random.setSeed(seed);
    }

    /**
     * A planned answer.
     *
     * @param latency the time from the call's arrival to the answer
     * @param charged the tokens that the limiter has charged, or 0
     */
    record Plan(PlannedAnswer answer, Duration latency, int charged) {
        static Plan atOnce(PlannedAnswer answer) {
            return new Plan(answer, Duration.ZERO, 0);
        }
    }

    void reseed(long seed) {
        random.setSeed(seed);
    }

    void forgetCalls() {
        faults.forgetCalls();
    }

    /** Returns the answer to a request for the list of models. It counts against no limit. */
    PlannedAnswer models(ReceivedRequest received, StandInSettings settings) {
        return refusal(received, settings)
                .orElseGet(() -> SampleModels.list(settings.access().models()));
    }

    Plan plan(ReceivedRequest received, ParsedChatBody request, StandInSettings settings) {
        Optional<PlannedAnswer> refusal = refusal(received, settings);
        if (refusal.isPresent()) {
            return Plan.atOnce(refusal.get());
        }
        if (request.invalid() != null) {
            return Plan.atOnce(
                    malformed(request.invalid().message(), request.invalid().param(), settings));
        }
        if (!settings.access().models().isEmpty() && !settings.access().models().contains(request.model())) {
            return Plan.atOnce(error(404, ErrorBodies.text(404, false), Map.of(), settings));
        }
        try {
            return plan(faults.pick(request, settings.faults(), random), request, settings);
        } catch (IllegalArgumentException e) {
            return Plan.atOnce(malformed("Bad stand-in directive: " + e.getMessage(), "messages", settings));
        }
    }

    private Optional<PlannedAnswer> refusal(ReceivedRequest received, StandInSettings settings) {
        if (settings.access().refuseLibraryAgents()
                && isLibraryAgent(received.header("user-agent").orElse(""))) {
            return Optional.of(ErrorBodies.html(403, Map.of()));
        }
        if (!acceptsKey(received.header("authorization").orElse(""), settings.access())) {
            return Optional.of(error(401, ErrorBodies.text(401, false), Map.of(), settings));
        }
        return Optional.empty();
    }

    PlannedAnswer tooLarge(StandInSettings settings) {
        return error(413, ErrorBodies.text(413, false), Map.of(), settings);
    }

    PlannedAnswer edgeTimeout() {
        return ErrorBodies.html(524, Map.of());
    }

    private Plan plan(ApiFault fault, ParsedChatBody request, StandInSettings settings) {
        LatencyModel latency = fault.latency() == null ? settings.answers().latency() : fault.latency();
        if (fault.ending() instanceof ApiFault.Status status) {
            return new Plan(errorFor(status, fault, request, settings), latency.draw(random), 0);
        }
        Completion completion = completions.complete(request, settings.answers(), fault.finishReason());
        int tokens = SampleCompletions.totalTokens(request, completion);
        RateLimit limit = settings.limits().of(request.model());
        ModelLimiter limiter = limiter(request, settings);
        LimitVerdict verdict = limiter.admit(nanoTime.getAsLong(), tokens, limit);
        if (verdict.rejectedBy() != null) {
            return Plan.atOnce(rateLimited(verdict, fault, settings));
        }
        if (fault.ending() instanceof ApiFault.Huge || ((Reply) fault.ending()).isAnswered()) {
            limiter.succeeded(nanoTime.getAsLong(), tokens, limit);
        }
        return new Plan(completed(fault, request, completion, verdict, settings), latency.draw(random), tokens);
    }

    private PlannedAnswer completed(
            ApiFault fault,
            ParsedChatBody request,
            Completion completion,
            LimitVerdict verdict,
            StandInSettings settings) {
        Map<String, String> headers = headers(200, verdict, fault, settings);
        Completion sent = fault.ending() == Reply.EMPTY
                ? new Completion(
                        "", completion.tokens(), fault.finishReason() == null ? "length" : fault.finishReason())
                : completion;
        var json = completions.json(request, sent, settings.answers(), clock.millis() / 1000);
        if (fault.ending() instanceof ApiFault.Huge huge) {
            return SampleCompletions.huge(json, huge.bytes(), headers);
        }
        if (request.isStreamed() && CompletionEvents.areIn((Reply) fault.ending())) {
            return CompletionEvents.answer(fault, json, request.wantsUsage(), headers, random);
        }
        PlannedAnswer whole = PlannedAnswer.json(200, headers, json.toString());
        return switch ((Reply) fault.ending()) {
            case NORMAL, EMPTY, ERROR_EVENT, ENDS_EARLY, NO_DONE, NOT_STREAMED -> whole;
            case ZIPPED -> PlannedAnswer.zipped(headers, json.toString());
            case HANG -> whole.with(Delivery.HANG);
            case HANG_BODY -> whole.with(Delivery.HANG_BODY);
            case CUT -> whole.with(Delivery.CUT);
            case CUT_BODY -> whole.with(Delivery.CUT_BODY);
            case NOT_JSON ->
                PlannedAnswer.json(200, headers, "upstream connect error or disconnect/reset before headers");
            case NO_CHOICES -> {
                json.remove("choices");
                yield PlannedAnswer.json(200, headers, json.toString());
            }
        };
    }

    private PlannedAnswer errorFor(
            ApiFault.Status status, ApiFault fault, ParsedChatBody request, StandInSettings settings) {
        LimitVerdict verdict = limiter(request, settings)
                .peek(nanoTime.getAsLong(), settings.limits().of(request.model()));
        Map<String, String> headers = headers(status.code(), verdict, fault, settings);
        BodyForm form = status.body() != null
                ? status.body()
                : ErrorBodies.isFromEdge(status.code()) ? BodyForm.HTML : BodyForm.JSON;
        if (form != BodyForm.JSON) {
            return ErrorBodies.ofEdge(status.code(), form, headers);
        }
        ErrorBodies.Text text = ErrorBodies.text(status.code(), status.tooLong());
        return error(status.code(), withType(text, status.type()), headers, settings);
    }

    private PlannedAnswer rateLimited(LimitVerdict verdict, ApiFault fault, StandInSettings settings) {
        String type = settings.limits().refusalType();
        if (type == null) {
            boolean requests = verdict.rejectedBy() == Dimension.REQUESTS;
            type = requests ? "dynamic_request_limited" : "dynamic_token_limited";
        }
        Map<String, String> headers = headers(429, verdict, fault, settings);
        return error(429, withType(ErrorBodies.text(429, false), type), headers, settings);
    }

    private PlannedAnswer malformed(String message, @Nullable String param, StandInSettings settings) {
        ErrorBodies.Text text = new ErrorBodies.Text(message, "invalid_request_error", param, null);
        return error(400, text, Map.of(), settings);
    }

    private PlannedAnswer error(
            int status, ErrorBodies.Text text, Map<String, String> headers, StandInSettings settings) {
        return ErrorBodies.json(status, text, headers, settings.errors(), completions.id());
    }

    private static ErrorBodies.Text withType(ErrorBodies.Text text, @Nullable String type) {
        return type == null ? text : new ErrorBodies.Text(text.message(), type, text.param(), text.code());
    }

    private static Map<String, String> headers(
            int status, LimitVerdict verdict, ApiFault fault, StandInSettings settings) {
        Map<String, String> headers = new HashMap<>(RateHeaders.of(status, settings.limits(), verdict));
        if (fault.reset() != null) {
            headers.put(RateHeaders.RESET, RateHeaders.decimal(fault.reset()));
        }
        if (fault.retryAfter() != null) {
            headers.put(RateHeaders.RETRY_AFTER, RateHeaders.decimal(fault.retryAfter()));
        }
        return headers;
    }

    private ModelLimiter limiter(ParsedChatBody request, StandInSettings settings) {
        // No model has an empty name.
        String name = settings.limits().isShared(request.model()) ? "" : request.model();
        return limiters.computeIfAbsent(name, model -> new ModelLimiter());
    }

    private static boolean isLibraryAgent(String userAgent) {
        String agent = userAgent.toLowerCase(Locale.ROOT);
        return agent.isBlank()
                || agent.startsWith("java-http-client")
                || agent.startsWith("java/")
                || agent.startsWith("python-urllib")
                || agent.startsWith("python-requests")
                || agent.startsWith("go-http-client")
                || agent.startsWith("libwww-perl");
    }

    private static boolean acceptsKey(String authorization, StandInSettings.Access access) {
        if (!authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return false;
        }
        String key = authorization.substring(7).strip();
        return access.apiKeys().isEmpty() ? !key.isEmpty() : access.apiKeys().contains(key);
    }
}
