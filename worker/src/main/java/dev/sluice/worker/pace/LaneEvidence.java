package dev.sluice.worker.pace;

import java.util.Optional;

/**
 * The knowledge of a lane about other requests at the moment when a call has failed. It decides whether the call blames
 * its request or the surroundings.
 */
public interface LaneEvidence {
    /** Returns true if the lane is stopped or probing. */
    boolean isStopped();

    /**
     * Returns the calls to compare this one with; empty if there are too few.
     *
     * @param kind {@link FailureKind#LIMITED} to count the 429s among them, any other to count all other failures
     *     together
     */
    Optional<OtherCalls> others(FailureKind kind);

    /** Returns true if the API has dealt with a call of any lane within the last minutes, so that URL and key work. */
    boolean apiWorks();

    /** Returns true if the call was sent after a time in which its lane sent nothing else. */
    boolean wasSentAlone();
}
