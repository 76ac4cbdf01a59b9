package dev.sluice.worker.status;

import dev.sluice.wire.WireHeaders;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The records of one request that Kafka has. Immutable.
 *
 * @param records its records, the newest first
 * @param isCut true if there are more records than are kept
 * @param problems what could not be read, a sentence each
 */
public record RequestTrace(String id, List<TracedRecord> records, boolean isCut, List<String> problems) {
    /** Tells what has become of a request. */
    public enum State {
        /** It waits in a topic, or in a worker's memory, or is being called. */
        WAITING,
        /** It waits until it is due. */
        DELAYED,
        ANSWERED,
        /** It has a dead letter. */
        DEAD,
        /** It has ended without an answer and without a dead letter. */
        FAILED,
        /** A worker has ended it, and its ending was not found. */
        ENDED,
        /** It has no record. */
        UNKNOWN
    }

    public RequestTrace {
        records = records.stream()
                .sorted(Comparator.comparing(TracedRecord::at)
                        .thenComparing(TracedRecord::kind)
                        .reversed())
                .toList();
        problems = List.copyOf(problems);
    }

    /** Returns what has become of it. A request that waits again after an ending was replayed. */
    public State state(Instant now) {
        Optional<TracedRecord> open = open();
        if (open.isPresent()) {
            long due = open.get().number(WireHeaders.NOT_BEFORE).orElse(0);
            return due > now.toEpochMilli() ? State.DELAYED : State.WAITING;
        }
        Optional<TracedRecord> reply = newest(TracedRecord.Kind.REPLY);
        Optional<TracedRecord> letter = newest(TracedRecord.Kind.DEAD_LETTER);
        boolean isAnswered = reply.isPresent()
                && reply.get().header(WireHeaders.STATUS).orElse("").equals(WireHeaders.OK);
        if (isAnswered
                && (letter.isEmpty() || !letter.get().at().isAfter(reply.get().at()))) {
            return State.ANSWERED;
        }
        if (letter.isPresent()) {
            return State.DEAD;
        }
        return reply.isPresent() ? State.FAILED : records.isEmpty() ? State.UNKNOWN : State.ENDED;
    }

    /** Returns the request itself if it waits or is being called. */
    public Optional<TracedRecord> open() {
        return records.stream().filter(TracedRecord::isOpen).findFirst();
    }

    /** Returns the newest record of a kind. */
    public Optional<TracedRecord> newest(TracedRecord.Kind kind) {
        return records.stream().filter(record -> record.kind() == kind).findFirst();
    }
}
