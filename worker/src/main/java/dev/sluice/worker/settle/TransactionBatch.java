package dev.sluice.worker.settle;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The content of one transaction. It holds the records of each settlement and the offsets that end with them.
 *
 * @param records the records of each settlement, in the order of the settlements
 * @param offsets the offset to commit for each input partition concerned
 * @param group the metadata that belongs to the ownership by which the settlements were chosen
 */
record TransactionBatch(
        List<List<ProducerRecord<byte[], byte[]>>> records,
        Map<TopicPartition, OffsetAndMetadata> offsets,
        ConsumerGroupMetadata group) {
    /** Returns the bytes of all values. */
    long bytes() {
        return records.stream()
                .flatMap(List::stream)
                .mapToLong(record -> record.value() == null ? 0 : record.value().length)
                .sum();
    }

    static Map<TopicPartition, OffsetAndMetadata> offsets(Map<PartitionWindow, AckWindow.Snapshot> staged) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        staged.forEach((window, snapshot) -> offsets.put(
                window.assignment().partition(), new OffsetAndMetadata(snapshot.offset(), snapshot.metadata())));
        return offsets;
    }
}
