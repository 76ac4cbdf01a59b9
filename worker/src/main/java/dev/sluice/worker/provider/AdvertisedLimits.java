package dev.sluice.worker.provider;

import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The limits that the headers of an answer advertise. They hold for the whole account and one model.
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

    /** Reads the limits from headers by lower-case name. */
    public static AdvertisedLimits read(Map<String, String> headers) {
        OptionalDouble requests = limit(headers, REQUESTS_HEADER);
        OptionalDouble tokens = limit(headers, TOKENS_HEADER);
        return requests.isEmpty() && tokens.isEmpty() ? NONE : new AdvertisedLimits(requests, tokens);
    }

    private static OptionalDouble limit(Map<String, String> headers, String name) {
        OptionalDouble dynamic = positiveNumber(headers.get(name + DYNAMIC));
        return dynamic.isPresent() ? dynamic : positiveNumber(headers.get(name));
    }

    private static OptionalDouble positiveNumber(@Nullable String text) {
        if (text == null) {
            return OptionalDouble.empty();
        }
        try {
            double value = Double.parseDouble(text.strip());
            return value > 0 && Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }
}
