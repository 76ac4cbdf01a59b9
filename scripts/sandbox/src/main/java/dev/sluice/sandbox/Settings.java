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
 * {@code PT2S}, latencies and faults as {@link Latency} and {@link Fault} say.
 *
 * @param access who may call
 * @param answers what a good call gets, and when
 * @param limits how much one may call
 * @param errors how an error body looks
 * @param faults which calls fail that didn't ask for it; the first rule that strikes wins
 * @param seed of all randomness; applying another one starts the sequence anew
 */
public record Settings(
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
            Latency latency,
            @Nullable Duration edgeTimeout,
            @Nullable Integer completionTokens,
            List<String> warnings) {
        public Answers {
            warnings = List.copyOf(warnings);
            if (edgeTimeout != null) {
                Units.inRange("edgeTimeout", edgeTimeout, MAX_DURATION);
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
            Limit perModel,
            Map<String, Limit> models,
            HeaderMode headers,
            @Nullable Double reset,
            @Nullable Double retryAfter,
            @Nullable String refusalType) {
        public Limits {
            models = Map.copyOf(models);
            seconds("reset", reset);
            seconds("retryAfter", retryAfter);
        }

        Limit of(String model) {
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
    public static final Settings DEFAULT = new Settings(
            new Access(Set.of(), Set.of(), true),
            new Answers(Latency.NONE, Duration.ofSeconds(100), null, List.of()),
            new Limits(Limit.NONE, Map.of(), HeaderMode.ON_429, null, null, null),
            new Errors(ErrorTypePlace.ABSENT, false),
            List.of(),
            0);

    public Settings {
        faults = List.copyOf(faults);
    }

    /**
     * These settings with what {@code json} names put in their place, to any depth; {@code null} puts a value back to
     * its default, or takes a model's limit away.
     *
     * @throws IllegalArgumentException naming the key that is unknown, and the nearest known one, or the value that is
     *     out of range
     */
    public Settings patched(String json) {
        return SettingsJson.patched(this, json);
    }

    /** All settings as JSON, the accepted keys masked. */
    public String toJson() {
        return SettingsJson.masked(this).toPrettyString();
    }

    public Settings withApiKeys(String... keys) {
        return with(new Access(Set.of(keys), access.models, access.refuseLibraryAgents));
    }

    public Settings withModels(String... models) {
        return with(new Access(access.apiKeys, Set.of(models), access.refuseLibraryAgents));
    }

    public Settings withRefuseLibraryAgents(boolean refuse) {
        return with(new Access(access.apiKeys, access.models, refuse));
    }

    public Settings withLatency(Latency latency) {
        return with(new Answers(latency, answers.edgeTimeout, answers.completionTokens, answers.warnings));
    }

    public Settings withEdgeTimeout(@Nullable Duration timeout) {
        return with(new Answers(answers.latency, timeout, answers.completionTokens, answers.warnings));
    }

    public Settings withCompletionTokens(@Nullable Integer tokens) {
        return with(new Answers(answers.latency, answers.edgeTimeout, tokens, answers.warnings));
    }

    public Settings withWarnings(String... warnings) {
        return with(new Answers(answers.latency, answers.edgeTimeout, answers.completionTokens, List.of(warnings)));
    }

    /** Of every model that has no limit of its own. */
    public Settings withLimit(Limit limit) {
        return with(
                new Limits(limit, limits.models, limits.headers, limits.reset, limits.retryAfter, limits.refusalType));
    }

    public Settings withLimit(String model, Limit limit) {
        Map<String, Limit> models = new HashMap<>(limits.models);
        models.put(model, limit);
        return with(new Limits(
                limits.perModel, models, limits.headers, limits.reset, limits.retryAfter, limits.refusalType));
    }

    public Settings withHeaders(HeaderMode headers) {
        return with(new Limits(
                limits.perModel, limits.models, headers, limits.reset, limits.retryAfter, limits.refusalType));
    }

    /** Both in seconds; null: computed, and none. */
    public Settings withHints(@Nullable Double reset, @Nullable Double retryAfter) {
        return with(new Limits(limits.perModel, limits.models, limits.headers, reset, retryAfter, limits.refusalType));
    }

    public Settings withRefusalType(@Nullable String type) {
        return with(new Limits(limits.perModel, limits.models, limits.headers, limits.reset, limits.retryAfter, type));
    }

    public Settings withErrors(ErrorTypePlace errorType, boolean id) {
        return new Settings(access, answers, limits, new Errors(errorType, id), faults, seed);
    }

    /** In place of all rules there were; rules with {@link FaultRule#next} begin to count anew. */
    public Settings withFaults(FaultRule... rules) {
        return new Settings(access, answers, limits, errors, List.of(rules), seed);
    }

    public Settings withSeed(long newSeed) {
        return new Settings(access, answers, limits, errors, faults, newSeed);
    }

    private Settings with(Access newAccess) {
        return new Settings(newAccess, answers, limits, errors, faults, seed);
    }

    private Settings with(Answers newAnswers) {
        return new Settings(access, newAnswers, limits, errors, faults, seed);
    }

    private Settings with(Limits newLimits) {
        return new Settings(access, answers, newLimits, errors, faults, seed);
    }

    private static void seconds(String name, @Nullable Double value) {
        if (value != null && !(value >= 0 && value <= 1e13)) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be a number of seconds");
        }
    }
}
