package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What there is of the letters that a filter means. Its memory does not grow with their number. Not thread-safe. */
public final class DeadLetterSummary {
    private final ReplaySelection selection;
    private final Set<ReplayDecision> shown;
    private final long limit;
    private final int mostLines;

    private final Map<ReplayDecision, Long> fates = new EnumMap<>(ReplayDecision.class);
    private final DeadLetterGroups groups = new DeadLetterGroups();
    private final List<Line> lines = new ArrayList<>();
    private final List<String> origins = new ArrayList<>();

    /** One letter without its body. */
    public record Line(
            String id, Instant at, DeadLetterGroups.Key key, String position, int replays, boolean replayed) {}

    /**
     * A survey of no letter yet.
     *
     * @param shown fates of the letters that are counted in groups and shown one by one
     * @param limit most letters that are
     * @param mostLines most letters that are shown one by one
     */
    public DeadLetterSummary(ReplaySelection selection, Set<ReplayDecision> shown, long limit, int mostLines) {
        this.selection = selection;
        this.shown = Set.copyOf(shown);
        this.limit = limit;
        this.mostLines = mostLines;
    }

    /** Takes a letter in; the oldest first. */
    public void see(DeadLetter letter, ReplayMarks marks) {
        ReplayDecision fate = selection.of(letter, marks);
        fates.merge(fate, 1L, Long::sum);
        if (fate == ReplayDecision.NO_BODY && origins.size() < DeadLetterReplay.PLACES_NAMED) {
            origins.add(letter.header(WireHeaders.ORIGIN).orElse("(unknown)"));
        }
        if (shown.contains(fate) && groups.letters() < limit) {
            groups.add(letter);
            if (lines.size() < mostLines) {
                lines.add(new Line(
                        letter.id(),
                        letter.at(),
                        DeadLetterGroups.keyOf(letter),
                        letter.position(),
                        letter.replays(),
                        fate == ReplayDecision.REPLAYED));
            }
        }
    }

    public long count(ReplayDecision fate) {
        return fates.getOrDefault(fate, 0L);
    }

    /** How many the filter means, whatever their fate. */
    public long matching() {
        return fates.values().stream().mapToLong(count -> count).sum() - count(ReplayDecision.OTHER);
    }

    public DeadLetterGroups groups() {
        return groups;
    }

    /** The oldest of the shown letters. */
    public List<Line> lines() {
        return List.copyOf(lines);
    }

    /** Where the requests of the first letters without a body lie. */
    public List<String> origins() {
        return List.copyOf(origins);
    }
}
