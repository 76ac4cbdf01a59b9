package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts dead letters by reason, HTTP status, model and tenant. Strangers choose models and tenants, so the number of
 * groups is bounded. All further letters form one group. Not thread-safe.
 */
public final class DeadLetterGroups {
    private static final int MAX_GROUPS = 10_000;
    private static final int MAX_TEXT_LENGTH = 256;
    private static final String NONE = "";
    private static final Key OTHERS = new Key("(others)", NONE, NONE, NONE);

    private final Map<Key, Group> groups = new HashMap<>();
    private long letters;

    /** The properties that all letters of a group share. A property that a letter lacks is an empty text. */
    public record Key(String reason, String status, String model, String tenant) {}

    /** The number of letters of a group, and the times at which the first and the last of them died. */
    public record Group(Key key, long letters, Instant oldest, Instant newest) {
        private Group plus(Group other) {
            return new Group(
                    key,
                    letters + other.letters,
                    other.oldest.isBefore(oldest) ? other.oldest : oldest,
                    other.newest.isAfter(newest) ? other.newest : newest);
        }
    }

    public void add(DeadLetter letter) {
        letters++;
        Key ownKey = keyOf(letter);
        Key key = groups.containsKey(ownKey) || groups.size() < MAX_GROUPS ? ownKey : OTHERS;
        groups.merge(key, new Group(key, 1, letter.diedAt(), letter.diedAt()), Group::plus);
    }

    static Key keyOf(DeadLetter letter) {
        return new Key(
                header(letter, WireHeaders.REASON),
                header(letter, WireHeaders.HTTP_STATUS),
                shortened(letter.body().model()),
                header(letter, WireHeaders.TENANT));
    }

    private static String header(DeadLetter letter, String name) {
        return shortened(letter.header(name).orElse(NONE));
    }

    private static String shortened(String text) {
        return text.length() > MAX_TEXT_LENGTH ? text.substring(0, MAX_TEXT_LENGTH) : text;
    }

    public long letters() {
        return letters;
    }

    public List<Group> largestFirst() {
        return groups.values().stream()
                .sorted(Comparator.comparingLong(Group::letters)
                        .reversed()
                        .thenComparing(group -> group.key().toString()))
                .toList();
    }
}
