package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;

/**
 * A filter that matches the dead letters which meet all of its conditions. An empty set or text is no condition.
 * Immutable.
 *
 * @param reasons the words of {@link dev.sluice.wire.Reason}
 * @param statuses the HTTP statuses of the last answers
 * @param since the earliest time of death
 * @param until the time of death, exclusive, before which a letter must have died
 * @param contains a text that the body must contain exactly
 */
public record DeadLetterFilter(
        Set<String> ids,
        Set<String> reasons,
        Set<String> statuses,
        Set<String> models,
        Set<String> tenants,
        Instant since,
        Instant until,
        String contains) {
    public static final DeadLetterFilter ALL =
            new DeadLetterFilter(Set.of(), Set.of(), Set.of(), Set.of(), Set.of(), Instant.MIN, Instant.MAX, "");

    public DeadLetterFilter {
        ids = Set.copyOf(ids);
        reasons = Set.copyOf(reasons);
        statuses = Set.copyOf(statuses);
        models = Set.copyOf(models);
        tenants = Set.copyOf(tenants);
    }

    public static DeadLetterFilter ofId(String id) {
        return new DeadLetterFilter(Set.of(id), Set.of(), Set.of(), Set.of(), Set.of(), Instant.MIN, Instant.MAX, "");
    }

    public boolean matches(DeadLetter letter) {
        return isOneOf(ids, letter.id())
                && isOneOf(reasons, letter.header(WireHeaders.REASON).orElse(""))
                && isOneOf(statuses, letter.header(WireHeaders.HTTP_STATUS).orElse(""))
                && isOneOf(models, letter.body().model())
                && isOneOf(tenants, letter.header(WireHeaders.TENANT).orElse(""))
                && !letter.diedAt().isBefore(since)
                && letter.diedAt().isBefore(until)
                && bodyMatches(letter);
    }

    private static boolean isOneOf(Set<String> wanted, String value) {
        return wanted.isEmpty() || wanted.contains(value);
    }

    private boolean bodyMatches(DeadLetter letter) {
        byte[] body = letter.record().value();
        return contains.isEmpty() || (body != null && new String(body, StandardCharsets.UTF_8).contains(contains));
    }
}
