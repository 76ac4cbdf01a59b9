package dev.sluice.worker.outcome;

import dev.sluice.worker.pace.AdvertisedLimits;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The limits that Together AI's answers may name, in units per second: {@code x-ratelimit-limit} of requests and {@code
 * x-tokenlimit-limit} of tokens, and of each a {@code -dynamic} variant, which is the one that is enforced at present.
 */
final class RateLimitHeaders {
    private RateLimitHeaders() {}

    /** @param headers by lower-case name */
    static AdvertisedLimits read(Map<String, String> headers) {
        OptionalDouble requests = limit(headers, "x-ratelimit-limit");
        OptionalDouble tokens = limit(headers, "x-tokenlimit-limit");
        return requests.isEmpty() && tokens.isEmpty()
                ? AdvertisedLimits.UNKNOWN
                : new AdvertisedLimits(requests, tokens);
    }

    private static OptionalDouble limit(Map<String, String> headers, String name) {
        OptionalDouble dynamic = number(headers.get(name + "-dynamic"));
        return dynamic.isPresent() ? dynamic : number(headers.get(name));
    }

    /** A limit of nothing, or of something that is no number, is none that could be kept. */
    private static OptionalDouble number(@Nullable String text) {
        if (text == null) {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(text.strip());
            return value > 0 && Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException noNumber) {
            return OptionalDouble.empty();
        }
    }
}
