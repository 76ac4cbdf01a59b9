package dev.sluice.worker.settle;

import java.util.Map;
import java.util.Optional;

/**
 * The end of a transaction. It is committed or aborted, since an unknown end is looked into until it is known.
 *
 * @param rejections the settlements, by index, of which Kafka will never take a record, each with Kafka's reason. Empty
 *     if trying again may help
 * @param failedPartitions the partitions that an aborted transaction could not write to for the moment
 * @param suspect the failed send that may be the cause, though another record of its batch may be as well
 */
record TransactionResult(
        boolean committed,
        Map<Integer, Exception> rejections,
        FailedPartitions failedPartitions,
        Optional<SendFailures.Failure> suspect) {
    static final TransactionResult COMMITTED =
            new TransactionResult(true, Map.of(), FailedPartitions.NONE, Optional.empty());
    static final TransactionResult ABORTED =
            new TransactionResult(false, Map.of(), FailedPartitions.NONE, Optional.empty());
}
