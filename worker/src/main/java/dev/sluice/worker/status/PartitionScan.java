package dev.sluice.worker.status;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The reading of one partition until enough of it is known. Not thread-safe. */
interface PartitionScan {
    /** Begins the reading, also anew after a failure. Returns the offset to read from. */
    long begin();

    void add(ConsumerRecord<byte[], byte[]> record);

    /** Tells whether enough is known once all records below this position have been added. */
    boolean isDone(long position);
}
