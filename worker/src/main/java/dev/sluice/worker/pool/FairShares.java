package dev.sluice.worker.pool;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Divides a limit by demand, max-min fairly (Bertsekas and Gallager, Data Networks, 6.5.2), weighted by bundles. A
 * worker that wants less than its own part leaves the rest to those that want more. What nobody wants is divided by
 * bundles, so that whoever begins has some at once. The parts of bundles that no worker claims are lent to nobody.
 */
final class FairShares {
    private static final double EPSILON = 1e-9;

    /** The golden ratio: its fractional multiples spread evenly over [0, 1). */
    private static final double GOLDEN_RATIO = 0.618034;

    /** The least length of a turn. Each change may cost a call that is rejected. */
    private static final long TURN_MILLIS = 20_000;

    /** The time that one call takes at one a second. Pace leaves two per cent of each limit free. */
    private static final double CALL_MILLIS = 1_020;

    private FairShares() {}

    /**
     * The demand of one worker.
     *
     * @param weight the bundles that it owns
     * @param wanted the amount per second that it could spend
     */
    record Claim(int weight, double wanted) {}

    /**
     * Returns what each worker may spend per second.
     *
     * @param claims those of all workers that are alive
     * @param width the number of all bundles
     * @param limit the whole limit per second
     */
    static double[] of(List<Claim> claims, int width, double limit) {
        double claimed = claims.stream().mapToDouble(Claim::weight).sum();
        // Two may claim a bundle while it changes hands. Then all get less.
        double left = limit * claimed / Math.max(width, claimed);
        double weights = claimed;
        double[] parts = new double[claims.size()];
        boolean[] isContent = new boolean[claims.size()];
        for (boolean changes = true; changes && weights > 0; ) {
            changes = false;
            double level = left / weights;
            for (int i = 0; i < parts.length; i++) {
                Claim claim = claims.get(i);
                if (!isContent[i] && claim.wanted() <= level * claim.weight()) {
                    isContent[i] = true;
                    changes = true;
                    parts[i] = claim.wanted();
                    left -= claim.wanted();
                    weights -= claim.weight();
                }
            }
        }
        // If all are content, all divide what is left. Else those do that want more.
        boolean areAllContent = weights <= 0;
        for (int i = 0; i < parts.length && claimed > 0; i++) {
            int weight = claims.get(i).weight();
            if (areAllContent) {
                parts[i] += left * weight / claimed;
            } else if (!isContent[i]) {
                parts[i] = left * weight / weights;
            }
        }
        return parts;
    }

    /**
     * Returns the parts as whole numbers with the same sum. A fraction of the sum has one alone. Workers whose parts
     * are no whole numbers can come to send in step, so that each has one call more in the same second. The largest
     * remainders are rounded up, and among equal ones the first. Where all have less than one, they have one in turns.
     * Where only some have, these keep what they have.
     *
     * @param turn the number of the turn
     */
    static double[] whole(double[] parts, long turn) {
        int[] takers =
                IntStream.range(0, parts.length).filter(i -> parts[i] > EPSILON).toArray();
        int[] large = Arrays.stream(takers).filter(i -> parts[i] > 1 - EPSILON).toArray();
        if (large.length == 0) {
            return inTurns(takers, parts, turn);
        }
        // One alone has nobody to be in step with.
        return large.length == 1 ? parts : rounded(parts, large);
    }

    /**
     * Returns the number of the turn in which workers spend a limit that is less than one call a second for each. A
     * turn is long enough for one call.
     *
     * @param millis a time by the broker's clock
     * @param limit the whole limit per second
     */
    static long turn(long millis, double limit) {
        return (long) (millis / Math.max(TURN_MILLIS, CALL_MILLIS / limit));
    }

    /**
     * Gives one to as many as there are. The parts stand in a row, and who holds the beginning of a new whole number
     * has its turn. So each is in turn as often as its part says, and all the time the same number of them.
     */
    private static double[] inTurns(int[] takers, double[] parts, long turn) {
        double[] whole = new double[parts.length];
        double sum = Arrays.stream(parts).sum();
        double count = Math.max(1, Math.floor(sum + EPSILON));
        double before = turn * GOLDEN_RATIO % 1;
        // Negative if there is less than one.
        double fraction = sum - count;
        for (int i : takers) {
            double after = before + parts[i] * count / sum;
            if (Math.floor(after + EPSILON) > Math.floor(before + EPSILON)) {
                whole[i] = 1 + fraction;
                fraction = 0;
            }
            before = after;
        }
        return whole;
    }

    private static double[] rounded(double[] parts, int[] large) {
        double[] whole = parts.clone();
        for (int i : large) {
            whole[i] = Math.floor(parts[i] + EPSILON);
        }
        double left = Arrays.stream(parts).sum() - Arrays.stream(whole).sum();
        List<Integer> next = Arrays.stream(large)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> whole[i] - parts[i]))
                .toList();
        for (int i : next) {
            double more = Math.max(0, Math.min(1, left));
            // What is no error of the arithmetic is a fraction of the limit, which one alone may have.
            whole[i] += more > 1 - EPSILON ? 1 : more > EPSILON ? more : 0;
            left -= more;
        }
        return whole;
    }
}
