package dev.sluice.worker.intake;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Registers and parses the records that were read and hands them to the sink. At the first record that must wait, such
 * as one at the register limit, it seeks the consumer back to that record. Owned by the poll thread.
 */
final class RecordDispatcher {
    private final Consumer<byte[], byte[]> consumer;
    private final PositionReporter positions;
    private final RequestReader reader;
    private final DueGate dueGate;
    private final RequestSink sink;
    private final OffsetLedger ledger;
    private final Clock clock;
    private final BooleanSupplier draining;

    /** @param draining tells that no more records may be taken */
    RecordDispatcher(
            Consumer<byte[], byte[]> consumer,
            PositionReporter positions,
            RequestReader reader,
            DueGate dueGate,
            RequestSink sink,
            OffsetLedger ledger,
            Clock clock,
            BooleanSupplier draining) {
        this.consumer = consumer;
        this.positions = positions;
        this.reader = reader;
        this.dueGate = dueGate;
        this.sink = sink;
        this.ledger = ledger;
        this.clock = clock;
        this.draining = draining;
    }

    /** @param records at least one record, in the order of the offsets */
    void dispatch(OwnedPartition partition, List<ConsumerRecord<byte[], byte[]>> records) {
        if (positions.refuseIfTruncated(partition, records.get(0).offset())) {
            return;
        }
        long limit = ledger.registerLimit(partition.assignment());
        List<ParsedRecord> parsed = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            long leavesTierAt = partition.leavesTierAt(record.timestamp());
            if (draining.getAsBoolean() || record.offset() >= limit || leavesTierAt > clock.millis()) {
                partition.resumeAt(leavesTierAt);
                consumer.seek(partition.partition(), record.offset());
                partition.position(record.offset());
                break;
            }
            partition.position(record.offset() + 1);
            if (!partition.isDone(record.offset())) {
                parsed.add(reader.read(partition.assignment(), record));
            }
        }
        handOver(partition.assignment(), parsed);
    }

    /** Dispatches a record that Kafka cannot read, as refused. Returns false if it may not be taken now. */
    boolean skip(OwnedPartition partition, long offset, String problem) {
        if (draining.getAsBoolean() || offset >= ledger.registerLimit(partition.assignment())) {
            return false;
        }
        partition.position(offset + 1);
        if (!partition.isDone(offset)) {
            handOver(partition.assignment(), List.of(reader.unreadable(partition.assignment(), offset, problem)));
        }
        return true;
    }

    private void handOver(Assignment assignment, List<ParsedRecord> parsed) {
        // an outcome must never reach the ledger before its record
        ledger.register(assignment, parsed.stream().map(ParsedRecord::input).toList());
        long limit = ledger.registerLimit(assignment);
        for (ParsedRecord record : parsed) {
            long room = limit - record.input().offset();
            record.handTo(sink, dueGate, clock.millis(), room);
        }
    }
}
