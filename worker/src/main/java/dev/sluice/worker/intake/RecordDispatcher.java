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
    private final ReadAhead readAhead;
    private final PlacementRule placement;
    private final OverflowPartitions overflow;
    private final DueGate dueGate;
    private final RequestSink sink;
    private final OffsetLedger ledger;
    private final Clock clock;
    private final BooleanSupplier draining;

    /** A record that was read, with where it goes. */
    private record Placed(ParsedRecord parsed, PlacementRule.Place place) {}

    /** @param draining tells that no more records may be taken */
    RecordDispatcher(
            Consumer<byte[], byte[]> consumer,
            PositionReporter positions,
            RequestReader reader,
            ReadAhead readAhead,
            PlacementRule placement,
            OverflowPartitions overflow,
            DueGate dueGate,
            RequestSink sink,
            OffsetLedger ledger,
            Clock clock,
            BooleanSupplier draining) {
        this.consumer = consumer;
        this.positions = positions;
        this.reader = reader;
        this.readAhead = readAhead;
        this.placement = placement;
        this.overflow = overflow;
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
        List<Placed> taken = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            long leavesTierAt = partition.leavesTierAt(record.timestamp());
            if (draining.getAsBoolean() || record.offset() >= limit || leavesTierAt > clock.millis()) {
                partition.resumeAt(leavesTierAt);
                seekBack(partition, record.offset());
                break;
            }
            if (partition.isDone(record.offset())) {
                partition.position(record.offset() + 1);
                continue;
            }
            ParsedRecord parsed = reader.read(partition.assignment(), record);
            PlacementRule.Place place = place(partition, parsed);
            if (place instanceof PlacementRule.Place.KeptBack) {
                partition.keptBackAt(record.offset());
                seekBack(partition, record.offset());
                break;
            }
            partition.position(record.offset() + 1);
            taken.add(new Placed(parsed, place));
        }
        handOver(partition, taken);
    }

    private void seekBack(OwnedPartition partition, long offset) {
        consumer.seek(partition.partition(), offset);
        partition.position(offset);
    }

    /** Decides where a record goes and counts it there, so that the next decision takes it into account. */
    private PlacementRule.Place place(OwnedPartition partition, ParsedRecord parsed) {
        OverflowContent content = partition.overflow();
        if (!(parsed instanceof ParsedRecord.Ready ready)) {
            readAhead.leaving(parsed.input(), Backlog.NONE);
            if (content != null) {
                // whose it was when it moved is not known any more
                content.recount();
            }
            return PlacementRule.MEMORY;
        }
        InputRecord input = parsed.input();
        Backlog backlog = Backlog.of(ready.request());
        if (content != null) {
            content.sees(backlog, input.offset());
        }
        PlacementRule.Place place = placeReady(partition, input, backlog);
        if (content != null && !(place instanceof PlacementRule.Place.KeptBack)) {
            content.taken(backlog, input.offset());
        }
        return place;
    }

    private PlacementRule.Place placeReady(OwnedPartition partition, InputRecord input, Backlog backlog) {
        if (input.notBefore() > clock.millis()) {
            readAhead.leaving(input, backlog);
            return PlacementRule.NOT_DUE;
        }
        partition.lastBacklog(backlog);
        PlacementRule.Place place = placement.of(partition, backlog, input.offset());
        count(input, backlog, place);
        return place;
    }

    private void count(InputRecord input, Backlog backlog, PlacementRule.Place place) {
        if (place instanceof PlacementRule.Place.Moved moved) {
            readAhead.leaving(input, backlog);
            overflow.moved(moved.overflowPartition(), backlog);
        } else if (place instanceof PlacementRule.Place.Memory) {
            readAhead.ready(input, backlog);
        }
    }

    /** Dispatches a record that Kafka cannot read, as refused. Returns false if it may not be taken now. */
    boolean skip(OwnedPartition partition, long offset, String problem) {
        if (draining.getAsBoolean() || offset >= ledger.registerLimit(partition.assignment())) {
            return false;
        }
        partition.position(offset + 1);
        if (!partition.isDone(offset)) {
            ParsedRecord unreadable = reader.unreadable(partition.assignment(), offset, problem);
            handOver(partition, List.of(new Placed(unreadable, place(partition, unreadable))));
        }
        return true;
    }

    private void handOver(OwnedPartition partition, List<Placed> taken) {
        Assignment assignment = partition.assignment();
        // an outcome must never reach the ledger before its record
        ledger.register(
                assignment, taken.stream().map(each -> each.parsed().input()).toList());
        long limit = ledger.registerLimit(assignment);
        boolean isAnyLeaving = false;
        for (Placed each : taken) {
            InputRecord input = each.parsed().input();
            if (each.parsed() instanceof ParsedRecord.Refused refused) {
                sink.refuse(input, refused.reason(), refused.problem());
                isAnyLeaving = true;
            } else {
                Request request = ((ParsedRecord.Ready) each.parsed()).request();
                isAnyLeaving |= handOver(request, each.place(), limit - input.offset());
            }
        }
        partition.isLeaving(isAnyLeaving);
    }

    /**
     * Hands a request over.
     *
     * @param room the number of offsets, from the request's own on, that its partition may still register
     * @return true if it goes back to Kafka
     */
    private boolean handOver(Request request, PlacementRule.Place place, long room) {
        if (place instanceof PlacementRule.Place.Moved moved) {
            if (!sink.move(request, moved.overflowPartition())) {
                overflow.notMoved(moved.overflowPartition(), Backlog.of(request));
            }
            return true;
        }
        if (place instanceof PlacementRule.Place.Memory) {
            sink.accept(request);
            return false;
        }
        if (dueGate.delay(request, clock.millis(), room)) {
            return false;
        }
        sink.postpone(request);
        return true;
    }

    /** Hands over a request that was not due before. */
    void dispatchDue(OwnedPartition partition, Request request) {
        Backlog backlog = Backlog.of(request);
        PlacementRule.Place place = placement.ofDue(partition, backlog);
        count(request.input(), backlog, place);
        // its partition has registered it, so that it needs no room
        boolean unused = handOver(request, place, 0);
    }
}
