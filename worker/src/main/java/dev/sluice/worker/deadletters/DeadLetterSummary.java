package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts the dead letters that a filter matches, in groups and by what a replay would do with them. Its memory does not
 * grow with the number of letters. Not thread-safe.
 */
public final class DeadLetterSummary {
    private final ReplaySelection selection;
    private final Set<ReplayDecision> shown;
    private final long limit;
    private final int maxEntries;

    private final Map<ReplayDecision, Long> counts = new EnumMap<>(ReplayDecision.class);
    private final DeadLetterGroups groups = new DeadLetterGroups();
    private final List<Entry> entries = new ArrayList<>();
    private final List<String> origins = new ArrayList<>();

    /**
     * A dead letter without its body.
     *
     * @param replays the number of times the request had been replayed when it died
     * @param replayed whether this letter has been replayed
     */
    public record Entry(
            String id,
            Instant diedAt,
            DeadLetterGroups.Key key,
            ErrorWords error,
            String position,
            int replays,
            boolean replayed) {
        /** Returns what is shown of a letter in a list. */
        public static Entry of(DeadLetter letter, boolean replayed) {
            return new Entry(
                    letter.id(),
                    letter.diedAt(),
                    DeadLetterGroups.keyOf(letter),
                    ErrorWords.of(letter),
                    letter.position(),
                    letter.replays(),
                    replayed);
        }
    }

    /**
     * Creates an empty summary.
     *
     * @param shown the decisions whose letters are counted in groups and listed
     * @param limit the most letters that are counted in groups
     * @param maxEntries the most letters that are listed one by one
     */
    public DeadLetterSummary(ReplaySelection selection, Set<ReplayDecision> shown, long limit, int maxEntries) {
        this.selection = selection;
        this.shown = Set.copyOf(shown);
        this.limit = limit;
        this.maxEntries = maxEntries;
    }

    /** Adds a letter. The oldest letter has to be added first. */
    public void add(DeadLetter letter, ReplayMarks marks) {
        ReplayDecision decision = selection.decide(letter, marks);
        counts.merge(decision, 1L, Long::sum);
        if (decision == ReplayDecision.NO_BODY && origins.size() < DeadLetterReplay.MAX_POSITIONS) {
            origins.add(letter.header(WireHeaders.ORIGIN).orElse("(unknown)"));
        }
        if (shown.contains(decision) && groups.letters() < limit) {
            groups.add(letter);
            if (entries.size() < maxEntries) {
                entries.add(Entry.of(letter, decision == ReplayDecision.ALREADY_REPLAYED));
            }
        }
    }

    public long count(ReplayDecision decision) {
        return counts.getOrDefault(decision, 0L);
    }

    /** Returns the number of letters that the filter matches, whatever a replay would do with them. */
    public long matching() {
        return counts.values().stream().mapToLong(count -> count).sum() - count(ReplayDecision.NO_MATCH);
    }

    public DeadLetterGroups groups() {
        return groups;
    }

    /** Returns the oldest of the shown letters. */
    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** Returns the positions of the requests of the first letters without a body. */
    public List<String> origins() {
        return List.copyOf(origins);
    }
}
