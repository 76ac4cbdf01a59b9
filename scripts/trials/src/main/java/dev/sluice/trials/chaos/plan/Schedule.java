package dev.sluice.trials.chaos.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * The faults of a run, in the order of their time. Kinds come from shuffled decks, so that each comes up before any comes
 * again. Faults may overlap: one starts in every slot of time, whether or not the last one is over.
 */
public record Schedule(List<ScheduledFault> faults) {
    /** Nothing goes wrong before the first requests are on their way. */
    private static final long LEAD_MILLIS = 3_000;

    public Schedule {
        faults = List.copyOf(faults);
    }

    /** Draws faults of these kinds. */
    public static Schedule of(long seed, int count, long spacingMillis, List<FaultKind> kinds) {
        Random random = new Random(~seed);
        Deque<FaultKind> deck = new ArrayDeque<>();
        List<ScheduledFault> faults = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (deck.isEmpty()) {
                List<FaultKind> all = new ArrayList<>(kinds);
                Collections.shuffle(all, random);
                deck.addAll(all);
            }
            FaultKind kind = deck.pop();
            long at = LEAD_MILLIS + (long) i * spacingMillis + (long) (random.nextDouble() * spacingMillis * 0.7);
            int length = kind.minMillis() + random.nextInt(kind.maxMillis() - kind.minMillis());
            faults.add(new ScheduledFault(i + 1, kind, at, length, random.nextInt(1 << 16)));
        }
        return new Schedule(faults);
    }
}
