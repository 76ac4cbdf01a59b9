package dev.sluice.sandbox;

/**
 * Is told of every chat call that a {@link TogetherStandIn} receives, for those who need more of it than its history
 * keeps: who called, with what, and whether the answer went out. Called by the threads that serve the calls; must be
 * thread-safe and not block.
 */
@FunctionalInterface
public interface CallObserver {
    /** Observes nothing. */
    CallObserver NONE = request -> (status, delivered) -> {};

    /**
     * A call has arrived whole.
     *
     * @return is told once how it ends; never, if it still hangs when the stand-in closes
     */
    End began(ReceivedRequest request);

    /** The end of one call. */
    @FunctionalInterface
    interface End {
        /**
         * The stand-in is done with the call.
         *
         * @param status of the answer that was to be sent, also where it was cut
         * @param delivered whether all of the answer was handed to the connection; a caller who has gone meanwhile may
         *     not have received it nevertheless
         */
        void ended(int status, boolean delivered);
    }
}
