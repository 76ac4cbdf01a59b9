package dev.sluice.worker.intake;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Records the calls of intake in a journal and answers as a test has set it up. Not thread-safe. */
final class RecordingLedger implements OffsetLedger {
    final List<String> journal;
    final List<InputRecord> registered = new ArrayList<>();
    final Map<TopicPartition, Long> reached = new HashMap<>();
    final Map<TopicPartition, Long> opened = new HashMap<>();
    final Set<Assignment> closed = new HashSet<>();
    final Map<TopicPartition, Long> limits = new HashMap<>();
    final Set<Long> done = new HashSet<>();
    final Map<TopicPartition, String> refusals = new HashMap<>();
    CompletableFuture<Void> flush = CompletableFuture.completedFuture(null);
    int committedRecords;
    long answerBytes;

    RecordingLedger(List<String> journal) {
        this.journal = journal;
    }

    /** Commits everything that is registered so far. */
    void commitAll() {
        committedRecords = registered.size();
    }

    List<Long> offsets(TopicPartition partition) {
        return registered.stream()
                .filter(input -> input.partition().equals(partition))
                .map(InputRecord::offset)
                .toList();
    }

    /** Returns the offset behind the last registered one, or 0. */
    long end(TopicPartition partition) {
        return offsets(partition).stream().mapToLong(offset -> offset + 1).max().orElse(0);
    }

    @Override
    public Opening open(Assignment assignment, long position, Optional<OffsetAndMetadata> committed) {
        opened.put(assignment.partition(), position);
        String refusal = refusals.get(assignment.partition());
        return refusal == null ? new Opening.Ready(done::contains) : new Opening.Refused(refusal);
    }

    @Override
    public void register(Assignment assignment, Collection<InputRecord> envelopes) {
        envelopes.forEach(input -> journal.add("register " + input));
        registered.addAll(envelopes);
    }

    @Override
    public void reached(Assignment assignment, long position) {
        reached.put(assignment.partition(), position);
    }

    @Override
    public long registerLimit(Assignment assignment) {
        return limits.getOrDefault(assignment.partition(), Long.MAX_VALUE);
    }

    @Override
    public int openRecords(TrafficClass room) {
        return (int) open(room).count();
    }

    @Override
    public long openBytes(TrafficClass room) {
        return open(room).mapToLong(InputRecord::weight).sum();
    }

    @Override
    public long answerBytes() {
        return answerBytes;
    }

    private Stream<InputRecord> open(TrafficClass room) {
        return registered.stream()
                .skip(committedRecords)
                .filter(input -> input.assignment().trafficClass() == room);
    }

    @Override
    public CompletableFuture<Void> flush() {
        journal.add("flush");
        return flush;
    }

    @Override
    public void close(Set<Assignment> gone) {
        journal.add("close");
        closed.addAll(gone);
    }
}
