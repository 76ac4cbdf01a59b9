package dev.sluice.worker.pace;

import dev.sluice.worker.provider.LimitUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The configured limit of one model. The lane estimates what is not configured.
 *
 * <p>Together AI enforces its limits per second even where it displays them per minute. So a limit per minute, hour or
 * day is spread evenly over that time, too. Immutable.
 *
 * @param paced false in {@link #NONE} only
 * @param requests the most requests; empty if they are estimated
 * @param tokens the most tokens of prompt and completion together; empty if they are estimated
 */
public record ConfiguredLimit(boolean paced, Optional<Rate> requests, Optional<Rate> tokens) {
    /** The limit of a model that is not paced. Only the number of calls in flight is bounded. */
    public static final ConfiguredLimit NONE = new ConfiguredLimit(false, Optional.empty(), Optional.empty());

    /** The limit of a model for which nothing is configured, so that all of it is estimated. */
    public static final ConfiguredLimit UNKNOWN = new ConfiguredLimit(true, Optional.empty(), Optional.empty());

    private static final double MAX_REQUESTS_PER_SECOND = 1_000_000;
    private static final double MAX_TOKENS_PER_SECOND = 100_000_000;
    private static final String FORMS = "10/s, 600/min, 100/h, 50/day, '10/s,4000 tokens/s', '90000 tokens/min', none";
    private static final Pattern FORM = Pattern.compile("(\\d{1,12}) ?(tokens?)? ?/ ?(s|min|h|day)");

    public static ConfiguredLimit requests(Rate rate) {
        return new ConfiguredLimit(true, Optional.of(rate), Optional.empty());
    }

    /**
     * Reads {@code 10/s}, {@code 600/min}, {@code 100/h}, {@code 50/day}, {@code 10/s,4000 tokens/s} or {@code none}.
     *
     * @throws IllegalArgumentException with the text and the forms that are understood
     */
    public static ConfiguredLimit parse(String text) {
        String trimmed = text.strip().toLowerCase(Locale.ROOT);
        if (trimmed.equals("none")) {
            return NONE;
        }
        ConfiguredLimit limit = UNKNOWN;
        for (String part : trimmed.split(",", -1)) {
            limit = limit.with(part.strip(), text);
        }
        return limit;
    }

    private ConfiguredLimit with(String part, String text) {
        Matcher form = FORM.matcher(part);
        if (!form.matches()) {
            throw new IllegalArgumentException("limit '" + text + "' is none of " + FORMS);
        }
        long amount = Long.parseLong(form.group(1));
        if (amount == 0) {
            throw new IllegalArgumentException("limit '" + text + "' lets nothing pass; the least is 1/day");
        }
        boolean ofTokens = form.group(2) != null;
        Rate rate = new Rate(amount, Rate.period(form.group(3)));
        double most = ofTokens ? MAX_TOKENS_PER_SECOND : MAX_REQUESTS_PER_SECOND;
        if (rate.perSecond() > most) {
            throw new IllegalArgumentException("limit '" + text + "' is above " + (long) most
                    + (ofTokens ? " tokens" : "") + "/s; say none if the model has no limit");
        }
        if ((ofTokens ? tokens : requests).isPresent()) {
            throw new IllegalArgumentException(
                    "limit '" + text + "' limits " + (ofTokens ? "tokens" : "requests") + " twice; keep one");
        }
        return ofTokens
                ? new ConfiguredLimit(true, requests, Optional.of(rate))
                : new ConfiguredLimit(true, Optional.of(rate), tokens);
    }

    public boolean isNone() {
        return !paced;
    }

    /** Returns the limit of a unit per second; empty if it is estimated. */
    OptionalDouble perSecond(LimitUnit unit) {
        Optional<Rate> rate = unit == LimitUnit.REQUESTS ? requests : tokens;
        return rate.isPresent() ? OptionalDouble.of(rate.get().perSecond()) : OptionalDouble.empty();
    }

    /** Returns the text that {@link #parse} reads, or {@code self-tuning} if nothing is configured. */
    @Override
    public String toString() {
        if (!paced) {
            return "none";
        }
        String parts = Stream.of(requests.map(rate -> rate.text("")), tokens.map(rate -> rate.text("tokens")))
                .flatMap(Optional::stream)
                .collect(Collectors.joining(","));
        return parts.isEmpty() ? "self-tuning" : parts;
    }
}
