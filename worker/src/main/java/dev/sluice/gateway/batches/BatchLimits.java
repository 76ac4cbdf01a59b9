package dev.sluice.gateway.batches;

import java.time.Duration;

/**
 * The bounds of batches.
 *
 * @param maxLines the most lines of a batch
 * @param maxBodyBytes the largest body of a request
 * @param window the most lines of a batch that are on the queue at the same time
 * @param lastReplies how long the replies of a batch are awaited that was cancelled or has expired
 * @param steadyExpiry how long a batch must be past its time before it expires. A clock that jumps is mended within
 *     that, as a rule.
 */
public record BatchLimits(int maxLines, int maxBodyBytes, int window, Duration lastReplies, Duration steadyExpiry) {
    private static final int WINDOW = 10_000;
    private static final Duration LAST_REPLIES = Duration.ofMinutes(10);
    private static final Duration STEADY_EXPIRY = Duration.ofMinutes(1);

    /** Returns the bounds of a door, of which an operator chooses two. */
    public static BatchLimits of(int maxLines, int maxBodyBytes) {
        return new BatchLimits(maxLines, maxBodyBytes, WINDOW, LAST_REPLIES, STEADY_EXPIRY);
    }
}
