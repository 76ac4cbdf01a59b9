package dev.sluice.trials.bench;

import java.util.List;

/**
 * What one run of one scenario of {@code pace} has shown.
 *
 * @param limit what holds, for people
 * @param promise what is asked for, for people
 * @param utilisation of the limit, 1 being all of it; NaN: says nothing in this scenario
 * @param refused the part of the calls that were refused with 429
 * @param bounds the same ones, in the same order, in every run of a scenario
 */
record PaceOutcome(
        String limit,
        String promise,
        CallTraffic traffic,
        double utilisation,
        double refused,
        List<MeasuredBound> bounds) {
    PaceOutcome {
        bounds = List.copyOf(bounds);
    }

    /** Rounded up, so that a bound in per mille is never met by rounding. */
    static long perMille(double part) {
        return (long) Math.ceil(part * 1_000 - 1e-9);
    }

    static MeasuredBound missing(double utilisation, int atLeastPerMille) {
        return new MeasuredBound("utilisation missing, per mille", perMille(1 - utilisation), 1_000L - atLeastPerMille);
    }

    static MeasuredBound refusals(double refused, int atMostPerMille) {
        return new MeasuredBound("429s, per mille of the calls", perMille(refused), atMostPerMille);
    }

    static MeasuredBound start(CallTraffic traffic) {
        return MeasuredBound.none("too many calls in the first second", traffic.tooManyAtFirst());
    }
}
