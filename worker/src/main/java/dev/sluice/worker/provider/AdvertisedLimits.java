package dev.sluice.worker.provider;

import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The limits that the headers of an answer advertise. They hold for the whole account and one model.
 *
 * <p>Together's {@code x-ratelimit-limit} and {@code x-tokenlimit-limit} are per second. OpenAI's {@code
 * x-ratelimit-limit-requests} and {@code x-ratelimit-limit-tokens}, which Groq and others send as well, count for a
 * time that no header names: a minute with OpenAI, a day for the requests of Groq. There, what is used comes back
 * evenly, so the time follows from what is used of the limit and from {@code x-ratelimit-reset-requests}, the time
 * until it has come back, as in {@code 6m0s}. A limit for a minute is taken. One for an hour or a day is not, since
 * what may be called at once would be spread over the day. A reset without a unit is that of a counter which begins
 * again all at once, and says nothing of its length.
 *
 * @param requests requests per second; empty if not advertised
 * @param tokens tokens per second; empty if not advertised
 */
public record AdvertisedLimits(OptionalDouble requests, OptionalDouble tokens) {
    public static final AdvertisedLimits NONE = new AdvertisedLimits(OptionalDouble.empty(), OptionalDouble.empty());

    private static final String REQUESTS_HEADER = "x-ratelimit-limit";
    private static final String TOKENS_HEADER = "x-tokenlimit-limit";
    /** Marks the variant of a header that names the limit enforced at present. It wins over the plain header. */
    private static final String DYNAMIC = "-dynamic";

    private static final double MINUTE_SECONDS = 60;
    /** The factor by which a time may be wrong that follows from rounded headers. */
    private static final double ROUNDING = 2;

    /** Reads the limits from headers by lower-case name. */
    public static AdvertisedLimits read(Map<String, String> headers) {
        OptionalDouble requests = limit(headers, REQUESTS_HEADER, "requests");
        OptionalDouble tokens = limit(headers, TOKENS_HEADER, "tokens");
        return requests.isEmpty() && tokens.isEmpty() ? NONE : new AdvertisedLimits(requests, tokens);
    }

    private static OptionalDouble limit(Map<String, String> headers, String name, String what) {
        OptionalDouble dynamic = positiveNumber(headers.get(name + DYNAMIC));
        OptionalDouble perSecond = dynamic.isPresent() ? dynamic : positiveNumber(headers.get(name));
        return perSecond.isPresent() ? perSecond : minuteLimit(headers, what);
    }

    private static OptionalDouble minuteLimit(Map<String, String> headers, String what) {
        double limit = positiveNumber(headers.get("x-ratelimit-limit-" + what)).orElse(0);
        double remaining = number(headers.get("x-ratelimit-remaining-" + what)).orElse(limit);
        double reset = RetryHint.secondsWithUnits(headers.get("x-ratelimit-reset-" + what));
        double window = reset * limit / (limit - remaining);
        boolean isMinute =
                remaining < limit && window > MINUTE_SECONDS / ROUNDING && window < MINUTE_SECONDS * ROUNDING;
        return isMinute ? OptionalDouble.of(limit / MINUTE_SECONDS) : OptionalDouble.empty();
    }

    private static OptionalDouble positiveNumber(@Nullable String text) {
        OptionalDouble number = number(text);
        return number.isPresent() && number.getAsDouble() > 0 ? number : OptionalDouble.empty();
    }

    private static OptionalDouble number(@Nullable String text) {
        if (text == null) {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(text.strip());
            return value >= 0 && Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }
}
