package dev.sluice.sandbox;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can be set on a {@link TogetherStandIn}, before it starts and while it runs. Immutable; each
 * {@code with…} returns a copy. As JSON the components have these very names, durations are written {@code 250ms} or
 * {@code PT2S}, latencies and faults as {@link LatencyModel} and {@link ApiFault} say.
 *
 * @param access who may call
 * @param answers what a good call gets, and when
 * @param limits how much one may call
 * @param errors how an error body looks
 * @param faults which calls fail that didn't ask for it; the first rule that strikes wins
 * @param seed of all randomness; applying another one starts the sequence anew
 */
public record StandInSettings(
        Access access, Answers answers, Limits limits, Errors errors, List<FaultRule> faults, long seed) {
    private static final Duration MAX_DURATION = Duration.ofDays(1);

    /**
     * Who may call.
     *
     * @param apiKeys the bearer keys that are accepted; empty: any key, though not none
     * @param models the models there are, any other is a 404; empty: every name is one
     * @param refuseLibraryAgents whether a User-Agent that is a library's default, or missing, gets the edge's 403
     */
    public record Access(Set<String> apiKeys, Set<String> models, boolean refuseLibraryAgents) {
        public Access {
            apiKeys = Set.copyOf(apiKeys);
            models = Set.copyOf(models);
        }
    }

    /**
     * What a good call gets.
     *
     * @param latency before the headers of an answer; refusals (key, body, model, limit) come at once
     * @param edgeTimeout how long the edge keeps a call open that has no headers yet (then 524) or hangs in its body (then
     *     cut); null: for ever
     * @param completionTokens fills each answer up to that many tokens, as far as max_tokens allows; null: just the echo
     * @param warnings the answer's {@code warnings}; empty: left out
     */
    public record Answers(
            LatencyModel latency,
            @Nullable Duration edgeTimeout,
            @Nullable Integer completionTokens,
            List<String> warnings) {
        public Answers {
            warnings = List.copyOf(warnings);
            if (edgeTimeout != null) {
                UnitSyntax.inRange("edgeTimeout", edgeTimeout, MAX_DURATION);
            }
            if (completionTokens != null && (completionTokens < 1 || completionTokens > 1_000_000)) {
                throw new IllegalArgumentException(
                        "completionTokens is " + completionTokens + "; it must lie between 1 and 1000000");
            }
        }
    }

    /**
     * How much one may call.
     *
     * @param perModel what each model may be asked for that has no limit of its own
     * @param models limits of single models, by name
     * @param headers which rate-limit headers there are
     * @param reset a fixed {@code x-ratelimit-reset} in seconds; null: the time until there is room
     * @param retryAfter a fixed {@code retry-after} in seconds on 429 and 503; null: none
     * @param refusalType the error type of a 429, such as {@code model_rate_limit} or {@code credit_limit}; null:
     *     {@code dynamic_request_limited} or {@code dynamic_token_limited}
     */
    public record Limits(
            RateLimit perModel,
            Map<String, RateLimit> models,
            HeaderMode headers,
            @Nullable Double reset,
            @Nullable Double retryAfter,
            @Nullable String refusalType) {
        public Limits {
            models = Map.copyOf(models);
            seconds("reset", reset);
            seconds("retryAfter", retryAfter);
        }

        RateLimit of(String model) {
            return models.getOrDefault(model, perModel);
        }
    }

    /**
     * How an error body looks.
     *
     * @param errorType where {@code error_type} is
     * @param id whether an error body has a top-level {@code id}
     */
    public record Errors(ErrorTypePlace errorType, boolean id) {}

    /** Any key, any model, no limit, no latency, no fault; reset headers on 429 only; the edge cuts after 100 s. */
    public static final StandInSettings DEFAULT = new StandInSettings(
            new Access(Set.of(), Set.of(), true),
            new Answers(LatencyModel.NONE, Duration.ofSeconds(100), null, List.of()),
            new Limits(RateLimit.NONE, Map.of(), HeaderMode.ON_429, null, null, null),
            new Errors(ErrorTypePlace.ABSENT, false),
            List.of(),
            0);

    public StandInSettings {
        faults = List.copyOf(faults);
    }

    /**
     * These settings with what {@code json} names put in their place, to any depth; {@code null} puts a value back to
     * its default, or takes a model's limit away.
     *
     * @throws IllegalArgumentException naming the key that is unknown, and the nearest known one, or the value that is
     *     out of range
     */
    public StandInSettings patched(String json) {
        return StandInSettingsJson.patched(this, json);
    }

    /** All settings as JSON, the accepted keys masked. */
    public String toJson() {
        return StandInSettingsJson.masked(this).toPrettyString();
    }

    public StandInSettings withApiKeys(String... keys) {
        return with(new Access(Set.of(keys), access.models, access.refuseLibraryAgents));
    }

    public StandInSettings withModels(String... models) {
        return with(new Access(access.apiKeys, Set.of(models), access.refuseLibraryAgents));
    }

    public StandInSettings withRefuseLibraryAgents(boolean refuse) {
        return with(new Access(access.apiKeys, access.models, refuse));
    }

    public StandInSettings withLatency(LatencyModel latency) {
        return with(new Answers(latency, answers.edgeTimeout, answers.completionTokens, answers.warnings));
    }

    public StandInSettings withEdgeTimeout(@Nullable Duration timeout) {
        return with(new Answers(answers.latency, timeout, answers.completionTokens, answers.warnings));
    }

    public StandInSettings withCompletionTokens(@Nullable Integer tokens) {
        return with(new Answers(answers.latency, answers.edgeTimeout, tokens, answers.warnings));
    }

    public StandInSettings withWarnings(String... warnings) {
        return with(new Answers(answers.latency, answers.edgeTimeout, answers.completionTokens, List.of(warnings)));
    }

    /** Of every model that has no limit of its own. */
    public StandInSettings withLimit(RateLimit limit) {
        return with(
                new Limits(limit, limits.models, limits.headers, limits.reset, limits.retryAfter, limits.refusalType));
    }

    public StandInSettings withLimit(String model, RateLimit limit) {
        Map<String, RateLimit> models = new HashMap<>(limits.models);
        models.put(model, limit);
        return with(new Limits(
                limits.perModel, models, limits.headers, limits.reset, limits.retryAfter, limits.refusalType));
    }

    public StandInSettings withHeaders(HeaderMode headers) {
        return with(new Limits(
                limits.perModel, limits.models, headers, limits.reset, limits.retryAfter, limits.refusalType));
    }

    /** Both in seconds; null: computed, and none. */
    public StandInSettings withHints(@Nullable Double reset, @Nullable Double retryAfter) {
        return with(new Limits(limits.perModel, limits.models, limits.headers, reset, retryAfter, limits.refusalType));
    }

    public StandInSettings withRefusalType(@Nullable String type) {
        return with(new Limits(limits.perModel, limits.models, limits.headers, limits.reset, limits.retryAfter, type));
    }

    public StandInSettings withErrors(ErrorTypePlace errorType, boolean id) {
        return new StandInSettings(access, answers, limits, new Errors(errorType, id), faults, seed);
    }

    /** In place of all rules there were; rules with {@link FaultRule#next} begin to count anew. */
    public StandInSettings withFaults(FaultRule... rules) {
        return new StandInSettings(access, answers, limits, errors, List.of(rules), seed);
    }

    public StandInSettings withSeed(long newSeed) {
        return new StandInSettings(access, answers, limits, errors, faults, newSeed);
    }

    private StandInSettings with(Access newAccess) {
        return new StandInSettings(newAccess, answers, limits, errors, faults, seed);
    }

    private StandInSettings with(Answers newAnswers) {
        return new StandInSettings(access, newAnswers, limits, errors, faults, seed);
    }

    private StandInSettings with(Limits newLimits) {
        return new StandInSettings(access, answers, newLimits, errors, faults, seed);
    }

    private static void seconds(String name, @Nullable Double value) {
        if (value != null && !(value >= 0 && value <= 1e13)) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be a number of seconds");
        }
    }
}
