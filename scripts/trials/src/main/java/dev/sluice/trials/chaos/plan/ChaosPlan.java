package dev.sluice.trials.chaos.plan;

import java.util.List;

/**
 * Everything that a run is to do.
 *
 * @param seed everything else follows from it and from the other numbers
 * @param workers the number of workers at the start
 * @param partitions the number of partitions of each topic
 * @param maxAttempts the attempts of each request. Few attempts keep the end of the run short. They must be more than
 *     the faults that can strike a single request, because a good request must never run out of them.
 * @param limitPerSecond the limit of {@link RequestMix#LIMITED}
 * @param requests the requests in the order of their time
 */
public record ChaosPlan(
        long seed,
        int workers,
        int partitions,
        int maxAttempts,
        int limitPerSecond,
        List<PlannedRequest> requests,
        FaultSchedule schedule) {
    /** The time after the last fault's slot in which requests are still published. */
    private static final long AFTER_LAST_MILLIS = 2_000;

    private static final int PARTITIONS = 8;
    private static final int MANY_FAULTS = 10;

    public ChaosPlan {
        requests = List.copyOf(requests);
    }

    /**
     * Draws a plan.
     *
     * @param spacingMillis the average time from one fault to the next
     */
    public static ChaosPlan of(
            long seed, int requests, int workers, int faults, long spacingMillis, List<FaultKind> kinds) {
        FaultSchedule schedule = FaultSchedule.of(seed, faults, spacingMillis, kinds);
        long millis = schedule.endMillis(spacingMillis) + AFTER_LAST_MILLIS;
        return new ChaosPlan(
                seed,
                workers,
                PARTITIONS,
                faults < MANY_FAULTS ? 5 : 6,
                RequestMix.limitPerSecond(requests, millis),
                new RequestMix(seed, PARTITIONS, 0).over(requests, millis),
                schedule);
    }

    /** Returns the mix of the requests that are published after {@link #requests}. */
    public RequestMix more() {
        return new RequestMix(seed + 1, partitions, requests.size());
    }
}
