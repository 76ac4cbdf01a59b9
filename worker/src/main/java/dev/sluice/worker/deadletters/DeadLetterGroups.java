package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts letters by what they died of. The number of groups is bounded: whatever comes after that is one group, since
 * models and tenants are foreign words. Not thread-safe.
 */
public final class DeadLetterGroups {
    private static final int MOST = 10_000;
    private static final int LONGEST = 256;
    private static final String NONE = "";
    private static final Key OTHERS = new Key("(others)", NONE, NONE, NONE);

    private final Map<Key, Group> groups = new HashMap<>();
    private long letters;

    /** What the letters of a group have in common; empty where they have no such header or field. */
    public record Key(String reason, String status, String model, String tenant) {}

    /** How many there are and when the first and the last of them died. */
    public record Group(Key key, long letters, Instant oldest, Instant newest) {
        private Group and(Group one) {
            return new Group(
                    key,
                    letters + one.letters,
                    one.oldest.isBefore(oldest) ? one.oldest : oldest,
                    one.newest.isAfter(newest) ? one.newest : newest);
        }
    }

    public void add(DeadLetter letter) {
        letters++;
        Key own = keyOf(letter);
        Key key = groups.containsKey(own) || groups.size() < MOST ? own : OTHERS;
        groups.merge(key, new Group(key, 1, letter.at(), letter.at()), Group::and);
    }

    static Key keyOf(DeadLetter letter) {
        return new Key(
                header(letter, WireHeaders.REASON),
                header(letter, WireHeaders.HTTP_STATUS),
                cut(letter.body().model()),
                header(letter, WireHeaders.TENANT));
    }

    private static String header(DeadLetter letter, String name) {
        return cut(letter.header(name).orElse(NONE));
    }

    private static String cut(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) : text;
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
