package dev.sluice.worker.pace;

/**
 * The latest calls of other requests, which a failed call is compared with.
 *
 * @param failedShare the share of them that failed, from 0.05 to 1. It is 1 if none of them has passed since the failed
 *     request was called last, because an outage may have begun in between.
 * @param areOfThisLane true if they are of the same lane, false if they are of all lanes because this one has too few
 */
public record OtherCalls(double failedShare, boolean areOfThisLane) {}
