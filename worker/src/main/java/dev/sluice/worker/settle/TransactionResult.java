package dev.sluice.worker.settle;

import java.util.Map;

/**
 * The end of a transaction. It is committed or aborted, since an unknown end is looked into until it is known.
 *
 * @param rejections the settlements, by index, of which Kafka will never take a record, each with Kafka's reason. Empty
 *     if trying again may help
 * @param failedPartitions the partitions that an aborted transaction could not write to for the moment
 */
record TransactionResult(boolean committed, Map<Integer, Exception> rejections, FailedPartitions failedPartitions) {
    static final TransactionResult COMMITTED = new TransactionResult(true, Map.of(), FailedPartitions.NONE);
    static final TransactionResult ABORTED = new TransactionResult(false, Map.of(), FailedPartitions.NONE);
}
