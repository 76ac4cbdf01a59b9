package dev.sluice.sandbox;

/**
 * Observes every chat call that a {@link TogetherStandIn} receives, with details that the history does not keep. Such
 * details are the caller, the whole request and whether the answer was delivered. It is called by the threads that
 * serve the calls, so it must be thread-safe and must not block.
 */
@FunctionalInterface
public interface CallObserver {
    /** Observes nothing. */
    CallObserver NONE = request -> (status, delivered) -> {};

    /**
     * Receives a call that has arrived completely.
     *
     * @return receives the end of the call once, or never if the call still hangs when the stand-in closes
     */
    End callArrived(ReceivedRequest request);

    /** Observes the end of one call. */
    @FunctionalInterface
    interface End {
        /**
         * Receives the end of the call.
         *
         * @param status the status of the planned answer, even if it was cut
         * @param delivered true if the whole answer was handed to the connection. A caller who has gone meanwhile may
         *     still not have received it.
         */
        void callEnded(int status, boolean delivered);
    }
}
