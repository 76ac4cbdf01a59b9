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
        double claimed = claims.stream().mapToInt(Claim::weight).sum();
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
     * Returns the parts as whole numbers with the same sum, rounded down. Workers whose parts are no whole numbers can
     * come to send in step, so that each has one call more in the same second. The largest remainders are rounded up,
     * and among equal ones the first. Where all have less than one, they have one in turns. Where only some have, these
     * keep what they have.
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

    /** Gives one to as many as there are, and what is left to the next. */
    private static double[] inTurns(int[] takers, double[] parts, long turn) {
        double[] whole = new double[parts.length];
        double sum = Arrays.stream(parts).sum();
        double total = sum < 1 ? sum : Math.floor(sum + EPSILON);
        for (int i = 0; i < takers.length; i++) {
            long place = Math.floorMod(i + turn, (long) takers.length);
            whole[takers[i]] = Math.max(0, Math.min(1, total - place));
        }
        return whole;
    }

    private static double[] rounded(double[] parts, int[] large) {
        double[] whole = parts.clone();
        for (int i : large) {
            whole[i] = Math.floor(parts[i] + EPSILON);
        }
        double left = Arrays.stream(parts).sum() - Arrays.stream(whole).sum();
        int more = (int) Math.floor(left + EPSILON);
        Arrays.stream(large)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> whole[i] - parts[i]))
                .limit(more)
                .forEach(i -> whole[i]++);
        return whole;
    }
}
