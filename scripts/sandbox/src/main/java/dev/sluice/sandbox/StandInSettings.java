package dev.sluice.sandbox;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a {@link TogetherStandIn}, before it starts and while it runs. They are immutable: each {@code with…}
 * returns a copy.
 *
 * <p>As JSON the components have the same names. Durations are written {@code 250ms} or {@code PT2S}.
 * {@link LatencyModel} and {@link ApiFault} describe the text of latencies and faults.
 *
 * @param access the keys and models that are accepted
 * @param answers the content and the timing of good answers
 * @param limits the rate limits and their headers
 * @param errors the shape of error bodies
 * @param faults the faults of calls without a directive; the first rule that applies wins
 * @param seed the seed of all randomness; setting another one restarts the sequence
 */
public record StandInSettings(
        Access access, Answers answers, Limits limits, Errors errors, List<FaultRule> faults, long seed) {
    private static final Duration MAX_DURATION = Duration.ofDays(1);

    /**
     * The keys and models that are accepted.
     *
     * @param apiKeys the accepted bearer keys; empty accepts any key, but not a missing one
     * @param models the known models; any other is a 404; empty accepts every name
     * @param refuseLibraryAgents true if a missing User-Agent, or a library's default one, gets the edge's 403
     */
    public record Access(Set<String> apiKeys, Set<String> models, boolean refuseLibraryAgents) {
        public Access {
            apiKeys = Set.copyOf(apiKeys);
            models = Set.copyOf(models);
        }
    }

    /**
     * The content and the timing of good answers.
     *
     * @param latency the wait before the headers of an answer; rejections (key, body, model, limit) come at once
     * @param edgeTimeout how long the edge keeps a call open. Without headers by then it answers 524. If the body
     *     hangs, it cuts the connection. Null keeps calls open forever.
     * @param completionTokens fills each answer to this many tokens, as far as max_tokens allows; null only echoes
     * @param warnings the answer's {@code warnings}; they are left out if empty
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
     * The rate limits and their headers.
     *
     * @param perModel the limit of each model that has no limit of its own
     * @param models the limits of single models, by name
     * @param shared true if all models without a limit of their own have {@code perModel} in common
     * @param headers the rate-limit headers to send
     * @param reset a fixed {@code x-ratelimit-reset} in seconds, or null for the time until there is room
     * @param retryAfter a fixed {@code retry-after} in seconds on 429 and 503, or null for none
     * @param refusalType the error type of a 429, such as {@code model_rate_limit} or {@code credit_limit}. Null is
     *     {@code dynamic_request_limited} or {@code dynamic_token_limited}.
     */
    public record Limits(
            RateLimit perModel,
            Map<String, RateLimit> models,
            boolean shared,
            HeaderMode headers,
            @Nullable Double reset,
            @Nullable Double retryAfter,
            @Nullable String refusalType) {
        public Limits {
            models = Map.copyOf(models);
            requireSeconds("reset", reset);
            requireSeconds("retryAfter", retryAfter);
        }

        /** Returns whether a model's calls count together with those of others. */
        boolean isShared(String model) {
            return shared && !models.containsKey(model);
        }

        RateLimit of(String model) {
            return models.getOrDefault(model, perModel);
        }
    }

    /**
     * The shape of error bodies.
     *
     * @param errorType the place of {@code error_type}
     * @param id true if an error body has a top-level {@code id}
     */
    public record Errors(ErrorTypePlace errorType, boolean id) {}

    /**
     * The default settings. They accept any key and any model, with no limit, no latency and no fault. The reset header
     * is sent on a 429 only. The edge times out after 100 s.
     */
    public static final StandInSettings DEFAULT = new StandInSettings(
            new Access(Set.of(), Set.of(), true),
            new Answers(LatencyModel.NONE, Duration.ofSeconds(100), null, List.of()),
            new Limits(RateLimit.NONE, Map.of(), false, HeaderMode.ON_429, null, null, null),
            new Errors(ErrorTypePlace.ABSENT, false),
            List.of(),
            0);

    public StandInSettings {
        faults = List.copyOf(faults);
    }

    /**
     * Returns these settings with the values in {@code json}, which may be partial at any depth. {@code null} resets a
     * value to its default or removes a model's limit.
     *
     * @throws IllegalArgumentException with the unknown key and the nearest known one, or with the value that is out of
     *     range
     */
    public StandInSettings patched(String json) {
        return StandInSettingsJson.patched(this, json);
    }

    /** Returns all settings as JSON. The accepted keys are masked. */
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

    /** Sets the limit of every model that has no limit of its own. */
    public StandInSettings withLimit(RateLimit limit) {
        return with(new Limits(
                limit,
                limits.models,
                limits.shared,
                limits.headers,
                limits.reset,
                limits.retryAfter,
                limits.refusalType));
    }

    public StandInSettings withLimit(String model, RateLimit limit) {
        Map<String, RateLimit> models = new HashMap<>(limits.models);
        models.put(model, limit);
        return with(new Limits(
                limits.perModel,
                models,
                limits.shared,
                limits.headers,
                limits.reset,
                limits.retryAfter,
                limits.refusalType));
    }

    /** Sets whether all models without a limit of their own have one in common. */
    public StandInSettings withSharedLimit(boolean shared) {
        return with(new Limits(
                limits.perModel,
                limits.models,
                shared,
                limits.headers,
                limits.reset,
                limits.retryAfter,
                limits.refusalType));
    }

    public StandInSettings withHeaders(HeaderMode headers) {
        return with(new Limits(
                limits.perModel,
                limits.models,
                limits.shared,
                headers,
                limits.reset,
                limits.retryAfter,
                limits.refusalType));
    }

    /** Sets fixed header values in seconds. A null {@code reset} is computed. A null {@code retryAfter} is not sent. */
    public StandInSettings withHints(@Nullable Double reset, @Nullable Double retryAfter) {
        return with(new Limits(
                limits.perModel, limits.models, limits.shared, limits.headers, reset, retryAfter, limits.refusalType));
    }

    public StandInSettings withRefusalType(@Nullable String type) {
        return with(new Limits(
                limits.perModel, limits.models, limits.shared, limits.headers, limits.reset, limits.retryAfter, type));
    }

    public StandInSettings withErrors(ErrorTypePlace errorType, boolean id) {
        return new StandInSettings(access, answers, limits, new Errors(errorType, id), faults, seed);
    }

    /** Replaces all rules. Rules with {@link FaultRule#next} start counting again. */
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

    private static void requireSeconds(String name, @Nullable Double value) {
        if (value != null && !(value >= 0 && value <= 1e13)) {
            throw new IllegalArgumentException(name + " is " + value + "; it must be a number of seconds");
        }
    }
}
