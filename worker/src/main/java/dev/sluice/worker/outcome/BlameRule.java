package dev.sluice.worker.outcome;

import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.pace.OtherCalls;
import java.time.Duration;
import java.util.Optional;

/**
 * Decides by comparison with other requests whether its failures blame a request. A pure function.
 *
 * @param maxAttempts the least number of failures that do
 */
record BlameRule(int maxAttempts) {
    /** One failure tells something from this evidence on, in hundredths of −ln f: three of four others pass. */
    private static final int TELLING_EVIDENCE = 29;

    /** The factor by which a request may have more costly failures where others fail as well. */
    private static final int BROWN_OUT_FACTOR = 3;

    /** The verdict that a request is never admitted takes at least this long. */
    private static final long MIN_AGE_MILLIS = Duration.ofMinutes(10).toMillis();

    /** A comparison with other lanes takes at least this long, since a model may be down while others are not. */
    private static final long OTHER_LANES_AGE_MILLIS = Duration.ofHours(2).toMillis();

    /** This many calls have to be rejected though they were sent alone. */
    private static final int REJECTED_ALONE = 3;

    /** Returns the evidence of one failure, in hundredths of −ln f; 0 if there is nothing to compare it with. */
    int points(Optional<OtherCalls> others, long ageMillis) {
        return others.filter(calls -> calls.areOfThisLane() || ageMillis >= OTHER_LANES_AGE_MILLIS)
                .map(calls -> (int) Math.round(-100 * Math.log(calls.failedShare())))
                .orElse(0);
    }

    /** Returns true if the evidence of one failure says something though the lane is stopped. */
    boolean tells(int points) {
        return points >= TELLING_EVIDENCE;
    }

    /**
     * Returns true if a request is given up after a failure.
     *
     * @param points the evidence of this failure, which has to tell something as well: nobody is given up because of an
     *     outage
     * @param suspicion the level after this failure
     * @param hasOthers true if there are others to compare with
     */
    boolean isGivenUp(int attempts, int points, SuspicionLevel suspicion, boolean hasOthers) {
        boolean isEnough = suspicion.failed() >= SuspicionLevel.ENOUGH;
        // Without others, a request that was compared before has lost them because its worker is new.
        boolean isAlone = !hasOthers && suspicion.failed() == 0;
        int mostCostly = isAlone || (hasOthers && isEnough) ? maxAttempts : BROWN_OUT_FACTOR * maxAttempts;
        return (points > 0 && attempts >= maxAttempts && isEnough) || suspicion.costly() >= mostCostly;
    }

    /**
     * Returns true if the API never admits a request, though it admits others.
     *
     * @param points the evidence of this 429
     * @param suspicion the level after this 429
     */
    boolean isNeverAdmitted(int deferrals, int points, SuspicionLevel suspicion, long ageMillis) {
        return points > 0
                && deferrals >= maxAttempts
                && suspicion.limited() >= SuspicionLevel.ENOUGH
                && suspicion.limitedAlone() >= REJECTED_ALONE
                && ageMillis >= MIN_AGE_MILLIS;
    }
}
