package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Takes the records that intake has read. The poll thread calls it, and no method blocks. */
public interface RequestSink {
    /** Takes a request that is due now. */
    void accept(Request request);

    /** Takes a record that is not called, because it is not a chat request or asks for what it may not have. */
    void refuse(InputRecord record, Reason reason, String problem);

    /** Takes a request that must wait in a delay topic, since it is due beyond the horizon or the due gate is full. */
    void postpone(Request request);

    /**
     * Takes a request that moves to a partition of the overflow topic.
     *
     * @return false if the request does not move, since it has expired or was cancelled
     */
    boolean move(Request request, int overflowPartition);

    /** Sets this worker's share of every limit to {@code bundles} of the queue's {@code width} bundles. */
    void share(int bundles, int width);

    /**
     * Drops the requests of these assignments that are not sent yet.
     *
     * @return completes when no call of theirs is under way and every outcome is on its way to the ledger
     */
    CompletableFuture<Void> withdraw(Set<Assignment> leaving);

    /**
     * Reports that the committed offsets of new partitions cannot be read now. Usually their last owner died and left a
     * transaction open.
     */
    void offsetsUnavailable();

    /**
     * Names the assignments that are being read, several times a second. A partition that must not be read is not among
     * them.
     */
    void reads(Set<Assignment> assignments);

    /** Cancels the calls of these assignments, whose outcomes could not be settled any more. */
    void cancel(Set<Assignment> gone);
}
