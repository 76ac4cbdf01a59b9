package dev.sluice.worker.intake;

import dev.sluice.wire.WireHeaders;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The evidence that a request itself is at fault for its failed calls. It grows with each failure, travels with the
 * request in the header {@code sluice-suspicion}, and begins at nothing. Immutable.
 *
 * <p>A failed call adds −ln f, where f is the share of other requests' calls that failed at that time. So
 * the sum is −ln of the probability that a request without fault fails that often. It is counted in hundredths. The
 * name and the idea are those of the φ accrual failure detector (Hayashibara and others, 2004).
 *
 * @param failed the evidence from failures, in hundredths of −ln f
 * @param limited the evidence from 429s, in hundredths of −ln f
 * @param limitedAlone the number of 429s for calls that were sent after a second of silence in their lane
 * @param costly the number of failed calls that may have been paid for
 */
public record SuspicionLevel(int failed, int limited, int limitedAlone, int costly) {
    public static final SuspicionLevel NONE = new SuspicionLevel(0, 0, 0, 0);

    /** The evidence that is enough: a request without fault gets here once in a million cases. */
    public static final int ENOUGH = 1_382;

    private static final int MAX = 1_000_000;
    private static final Pattern HEADER =
            Pattern.compile("failed=([0-9]{1,7}) limited=([0-9]{1,7}) alone=([0-9]{1,7}) costly=([0-9]{1,7})");

    /** Reads the suspicion of a request. A record that was never called has none, whatever its producer writes. */
    public static SuspicionLevel of(InputRecord record) {
        if (record.attempts() == 0 && record.deferrals() == 0) {
            return NONE;
        }
        Matcher header = HEADER.matcher(record.header(WireHeaders.SUSPICION).orElse(""));
        return header.matches()
                ? new SuspicionLevel(number(header, 1), number(header, 2), number(header, 3), number(header, 4))
                : NONE;
    }

    private static int number(Matcher header, int group) {
        return bounded(Integer.parseInt(header.group(group)));
    }

    private static int bounded(int count) {
        return Math.min(MAX, count);
    }

    /** Returns the suspicion after one more failure. A request that fails in another way is not one never admitted. */
    public SuspicionLevel plusFailed(int evidence, boolean mayHaveCost) {
        return new SuspicionLevel(bounded(failed + evidence), 0, 0, bounded(costly + (mayHaveCost ? 1 : 0)));
    }

    /**
     * Returns the suspicion after one more 429.
     *
     * @param alone true if the call was sent after a second of silence in its lane
     */
    public SuspicionLevel plusLimited(int evidence, boolean alone) {
        return new SuspicionLevel(failed, bounded(limited + evidence), bounded(limitedAlone + (alone ? 1 : 0)), costly);
    }

    /** Returns true if the next call of this request has to be sent alone, to see whether the API ever admits it. */
    public boolean wantsToBeAlone() {
        return limited >= ENOUGH;
    }

    /** Returns the value of the header. */
    public String header() {
        return "failed=" + failed + " limited=" + limited + " alone=" + limitedAlone + " costly=" + costly;
    }
}
