package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;

/**
 * Which letters are meant: those for which each condition holds. An empty set or text is no condition. Immutable.
 *
 * @param reasons words of {@link dev.sluice.wire.Reason}
 * @param since when it died at the earliest
 * @param until when it died, and no longer at that moment
 * @param contains a text that is in the body, letter for letter
 */
public record DeadLetterFilter(
        Set<String> ids,
        Set<String> reasons,
        Set<String> models,
        Set<String> tenants,
        Instant since,
        Instant until,
        String contains) {
    public static final DeadLetterFilter ALL =
            new DeadLetterFilter(Set.of(), Set.of(), Set.of(), Set.of(), Instant.MIN, Instant.MAX, "");

    public DeadLetterFilter {
        ids = Set.copyOf(ids);
        reasons = Set.copyOf(reasons);
        models = Set.copyOf(models);
        tenants = Set.copyOf(tenants);
    }

    public static DeadLetterFilter ofId(String id) {
        return new DeadLetterFilter(Set.of(id), Set.of(), Set.of(), Set.of(), Instant.MIN, Instant.MAX, "");
    }

    public boolean matches(DeadLetter letter) {
        return isOneOf(ids, letter.id())
                && isOneOf(reasons, letter.header(WireHeaders.REASON).orElse(""))
                && isOneOf(models, letter.body().model())
                && isOneOf(tenants, letter.header(WireHeaders.TENANT).orElse(""))
                && !letter.at().isBefore(since)
                && letter.at().isBefore(until)
                && isInBody(letter);
    }

    private static boolean isOneOf(Set<String> wanted, String value) {
        return wanted.isEmpty() || wanted.contains(value);
    }

    private boolean isInBody(DeadLetter letter) {
        byte[] body = letter.record().value();
        return contains.isEmpty() || (body != null && new String(body, StandardCharsets.UTF_8).contains(contains));
    }
}
