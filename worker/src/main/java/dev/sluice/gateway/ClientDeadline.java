package dev.sluice.gateway;

import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out how long a client is going to wait, from the headers of the clients that are made with Stainless. A call
 * after that would be paid for nothing. Stateless.
 */
final class ClientDeadline {
    /** The time that the way back may take. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private ClientDeadline() {}

    /** Returns the value of a header, or null. */
    @FunctionalInterface
    interface HeaderLookup {
        @Nullable
        String get(String name);
    }

    /** Returns the time within which a reply is of use, at most {@code max}. */
    static Duration of(HeaderLookup headers, Duration max) {
        // Python's timeout is the time between two bytes, and bytes come while the request waits.
        if ("python".equalsIgnoreCase(headers.get("x-stainless-lang"))) {
            return max;
        }
        return Stream.of("x-stainless-timeout", "x-stainless-read-timeout")
                .map(header -> seconds(headers.get(header)))
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder())
                .map(ClientDeadline::lessMargin)
                .filter(deadline -> deadline.compareTo(max) < 0)
                .orElse(max);
    }

    private static Duration lessMargin(Duration timeout) {
        return timeout.compareTo(MARGIN.multipliedBy(2)) > 0 ? timeout.minus(MARGIN) : timeout.dividedBy(2);
    }

    private static Optional<Duration> seconds(@Nullable String value) {
        if (value == null || !value.matches("[0-9]{1,9}(\\.[0-9]{1,9})?")) {
            return Optional.empty();
        }
        Duration timeout = Duration.ofMillis((long) (Double.parseDouble(value) * 1e3));
        return timeout.toMillis() < 2 ? Optional.empty() : Optional.of(timeout);
    }
}
