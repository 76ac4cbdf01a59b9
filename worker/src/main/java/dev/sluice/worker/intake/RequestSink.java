package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Where intake's records go. Called by the poll thread; no method blocks. */
public interface RequestSink {
    /** A request that is due now. */
    void accept(Request request);

    /** A record that is not called: it is no chat request, or asks for what it may not have. */
    void refuse(InputRecord envelope, Reason reason, String problem);

    /** A request that is due so late, or among so many, that it waits in a topic. */
    void postpone(InputRecord envelope);

    /** This worker owns {@code bundles} of the queue's {@code width}, and may spend as much of every limit. */
    void share(int bundles, int width);

    /**
     * Calls nothing more of these assignments; what was not sent is dropped.
     *
     * @return completes when no call of theirs is under way and every outcome is on its way to the ledger
     */
    CompletableFuture<Void> withdraw(Set<Assignment> leaving);

    /**
     * The committed offsets of new partitions cannot be read now. As likely as not their last owner died in a transaction,
     * which is open still.
     */
    void heldBack();

    /** Cancels the calls of these assignments: their outcomes could not be settled any more. */
    void cancel(Set<Assignment> gone);
}
