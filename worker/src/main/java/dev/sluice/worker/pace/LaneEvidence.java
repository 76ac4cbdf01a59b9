package dev.sluice.worker.pace;

import java.util.OptionalDouble;

/**
 * The knowledge of a lane about other requests at the moment when a call has failed. It decides whether the call blames
 * its request or the surroundings.
 */
public interface LaneEvidence {
    /** Returns true if the lane is stopped or probing. */
    boolean isStopped();

    /**
     * Returns the share of other requests' latest calls that failed, from 0.05 to 1. The failures are 429s for {@link
     * FailureKind#LIMITED} and those of all other kinds together otherwise. The share is 1 if no other request has
     * passed since this one was called last. The other requests are those of this lane, or those of all lanes if this
     * lane has none. Empty if there is nothing to compare with.
     */
    OptionalDouble shareOfOthers(FailureKind kind);

    /** Returns true if {@link #shareOfOthers} comes from this lane and not from others. */
    boolean isOfThisLane(FailureKind kind);

    /** Returns true if the API has dealt with a call of any lane within the last minutes, so that URL and key work. */
    boolean apiWorks();

    /** Returns true if the call was sent after a second in which its lane sent nothing else. */
    boolean wasSentAlone();
}
