package dev.sluice.worker.cli.dlq;

import dev.sluice.wire.WireHeaders;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What there is of the letters that a filter means. Its memory does not grow with their number. Not thread-safe. */
public final class Survey {
    private final Selection selection;
    private final Set<Fate> shown;
    private final long limit;
    private final int mostLines;

    private final Map<Fate, Long> fates = new EnumMap<>(Fate.class);
    private final Groups groups = new Groups();
    private final List<Line> lines = new ArrayList<>();
    private final List<String> origins = new ArrayList<>();

    /** One letter without its body. */
    public record Line(String id, Instant at, Groups.Key key, String position, int replays, boolean replayed) {}

    /**
     * A survey of no letter yet.
     *
     * @param shown fates of the letters that are counted in groups and shown one by one
     * @param limit most letters that are
     * @param mostLines most letters that are shown one by one
     */
    public Survey(Selection selection, Set<Fate> shown, long limit, int mostLines) {
        this.selection = selection;
        this.shown = Set.copyOf(shown);
        this.limit = limit;
        this.mostLines = mostLines;
    }

    /** Takes a letter in; the oldest first. */
    public void see(Letter letter, Marks marks) {
        Fate fate = selection.of(letter, marks);
        fates.merge(fate, 1L, Long::sum);
        if (fate == Fate.NO_BODY && origins.size() < Replay.PLACES_NAMED) {
            origins.add(letter.header(WireHeaders.ORIGIN).orElse("(unknown)"));
        }
        if (shown.contains(fate) && groups.letters() < limit) {
            groups.add(letter);
            if (lines.size() < mostLines) {
                lines.add(new Line(
                        letter.id(),
                        letter.at(),
                        Groups.keyOf(letter),
                        letter.position(),
                        letter.replays(),
                        fate == Fate.REPLAYED));
            }
        }
    }

    public long count(Fate fate) {
        return fates.getOrDefault(fate, 0L);
    }

    /** How many the filter means, whatever their fate. */
    public long matching() {
        return fates.values().stream().mapToLong(count -> count).sum() - count(Fate.OTHER);
    }

    public Groups groups() {
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
