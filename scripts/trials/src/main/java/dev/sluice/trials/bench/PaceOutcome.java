package dev.sluice.trials.bench;

import java.util.List;

/**
 * The outcome of one run of one scenario of {@code pace}.
 *
 * @param limit the limit in words
 * @param promise the bounds in words
 * @param utilisation the share of the limit that was used, 1 for all of it; NaN if the scenario does not judge it
 * @param rejected the share of the calls that were rejected with 429
 * @param bounds the bounds, which are the same and in the same order in every run of a scenario
 */
record PaceOutcome(
        String limit,
        String promise,
        CallTraffic traffic,
        double utilisation,
        double rejected,
        List<MeasuredBound> bounds) {
    PaceOutcome {
        bounds = List.copyOf(bounds);
    }

    /** Converts a share to per mille and rounds up, so that rounding never meets a bound. */
    static long perMille(double share) {
        return (long) Math.ceil(share * 1_000 - 1e-9);
    }

    static MeasuredBound missing(double utilisation, int atLeastPerMille) {
        return new MeasuredBound("utilisation missing, per mille", perMille(1 - utilisation), 1_000L - atLeastPerMille);
    }

    static MeasuredBound rejections(double rejected, int atMostPerMille) {
        return new MeasuredBound("429s, per mille of the calls", perMille(rejected), atMostPerMille);
    }

    /** @param most the most calls beyond the limit in the first second */
    static MeasuredBound start(CallTraffic traffic, int most) {
        return new MeasuredBound("too many calls in the first second", traffic.tooManyAtFirst(), most);
    }
}
