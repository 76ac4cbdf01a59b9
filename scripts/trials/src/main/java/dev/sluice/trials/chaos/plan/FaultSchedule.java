package dev.sluice.trials.chaos.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * The faults of a run in the order of their time. Kinds come from shuffled decks, so that each kind comes once before
 * any comes again. Faults may overlap. One starts in every slot of time, whether or not the last fault is over, except
 * after a fault that must not be disturbed.
 */
public record FaultSchedule(List<ScheduledFault> faults) {
    /** The time before the first fault, in which the first requests get on their way. */
    private static final long LEAD_MILLIS = 3_000;

    /** The pause after a fault that must not be disturbed. */
    private static final long SETTLING_MILLIS = 3_000;

    public FaultSchedule {
        faults = List.copyOf(faults);
    }

    /** Draws that many faults of these kinds. */
    public static FaultSchedule of(long seed, int count, long spacingMillis, List<FaultKind> kinds) {
        Random random = new Random(~seed);
        Deque<FaultKind> deck = new ArrayDeque<>();
        List<ScheduledFault> faults = new ArrayList<>();
        long slot = LEAD_MILLIS;
        for (int i = 0; i < count; i++) {
            if (deck.isEmpty()) {
                List<FaultKind> all = new ArrayList<>(kinds);
                Collections.shuffle(all, random);
                deck.addAll(all);
            }
            FaultKind kind = deck.pop();
            long at = slot + (long) (random.nextDouble() * spacingMillis * 0.7);
            int length = kind.minMillis() + random.nextInt(kind.maxMillis() - kind.minMillis());
            faults.add(new ScheduledFault(i + 1, kind, at, length, random.nextInt(1 << 16)));
            slot = kind.isUndisturbed() ? at + length + SETTLING_MILLIS : slot + spacingMillis;
        }
        return new FaultSchedule(faults);
    }

    /** Returns when the last slot is over. */
    long endMillis(long spacingMillis) {
        return faults.isEmpty() ? LEAD_MILLIS : faults.get(faults.size() - 1).atMillis() + spacingMillis;
    }
}
