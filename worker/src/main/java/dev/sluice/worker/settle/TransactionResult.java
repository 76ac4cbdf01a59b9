package dev.sluice.worker.settle;

import java.util.Map;

/**
 * How a transaction ended. There is no third way: an unknown end is looked into until it is known.
 *
 * @param culprits of an aborted one: the settlements, by index, whose records Kafka will never take, with the reason;
 *     empty where trying again may help
 * @param undelivered of an aborted one: what Kafka has not taken for the moment
 */
record TransactionResult(boolean committed, Map<Integer, Exception> culprits, FailedPartitions undelivered) {
    static final TransactionResult COMMITTED = new TransactionResult(true, Map.of(), FailedPartitions.NOTHING);
    static final TransactionResult ABORTED = new TransactionResult(false, Map.of(), FailedPartitions.NOTHING);
}
