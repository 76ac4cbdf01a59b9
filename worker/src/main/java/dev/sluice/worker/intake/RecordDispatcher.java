package dev.sluice.worker.intake;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Registers what was read, makes requests of it and hands them over, up to where this may go on for now: the consumer is set
 * back to there. Owned by the poll thread.
 */
final class RecordDispatcher {
    private final Consumer<byte[], byte[]> consumer;
    private final PositionReporter positions;
    private final RequestReader reader;
    private final DueGate dueGate;
    private final RequestSink downstream;
    private final OffsetLedger ledger;
    private final Clock clock;
    private final BooleanSupplier draining;

    /** @param draining whether nothing is to be taken any more */
    RecordDispatcher(
            Consumer<byte[], byte[]> consumer,
            PositionReporter positions,
            RequestReader reader,
            DueGate dueGate,
            RequestSink downstream,
            OffsetLedger ledger,
            Clock clock,
            BooleanSupplier draining) {
        this.consumer = consumer;
        this.positions = positions;
        this.reader = reader;
        this.dueGate = dueGate;
        this.downstream = downstream;
        this.ledger = ledger;
        this.clock = clock;
        this.draining = draining;
    }

    /** @param records at least one, as they follow each other */
    void take(OwnedPartition partition, List<ConsumerRecord<byte[], byte[]>> records) {
        if (positions.isCutShort(partition, records.get(0).offset())) {
            return;
        }
        long limit = ledger.registerLimit(partition.assignment());
        List<ParsedRecord> readings = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            long leavesAt = partition.leavesAt(record.timestamp());
            if (draining.getAsBoolean() || record.offset() >= limit || leavesAt > clock.millis()) {
                partition.resumeAt(leavesAt);
                consumer.seek(partition.partition(), record.offset());
                partition.position(record.offset());
                break;
            }
            partition.position(record.offset() + 1);
            if (!partition.isDone(record.offset())) {
                readings.add(reader.read(partition.assignment(), record));
            }
        }
        handOver(partition.assignment(), readings);
    }

    /** A record whose content nobody can read; false where it may not be taken now. */
    boolean passOver(OwnedPartition partition, long offset, String problem) {
        if (draining.getAsBoolean() || offset >= ledger.registerLimit(partition.assignment())) {
            return false;
        }
        partition.position(offset + 1);
        if (!partition.isDone(offset)) {
            handOver(partition.assignment(), List.of(reader.unreadable(partition.assignment(), offset, problem)));
        }
        return true;
    }

    /** Registers before handing over: an outcome must never reach the ledger before its record. */
    private void handOver(Assignment assignment, List<ParsedRecord> readings) {
        ledger.register(
                assignment, readings.stream().map(ParsedRecord::envelope).toList());
        long limit = ledger.registerLimit(assignment);
        for (ParsedRecord reading : readings) {
            long room = limit - reading.envelope().offset();
            reading.to(downstream, dueGate, clock.millis(), room);
        }
    }
}
