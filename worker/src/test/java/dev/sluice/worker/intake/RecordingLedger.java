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
import java.util.function.Consumer;
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
    final Map<TopicPartition, Set<Long>> done = new HashMap<>();
    final Map<TopicPartition, String> refusals = new HashMap<>();
    CompletableFuture<Void> flush = CompletableFuture.completedFuture(null);
    long answerBytes;
    private final List<InputRecord> open = new ArrayList<>();
    private Consumer<InputRecord> onClosed = closed -> {};

    RecordingLedger(List<String> journal) {
        this.journal = journal;
    }

    /** Commits everything that is registered so far. */
    void commitAll() {
        commit(open.size());
    }

    /** Commits the records that were registered first. */
    void commit(int count) {
        List<InputRecord> closing = open.subList(0, count);
        closing.forEach(onClosed);
        closing.clear();
    }

    /** Commits this record. */
    void commit(InputRecord input) {
        open.remove(input);
        onClosed.accept(input);
    }

    int openRecords() {
        return open.size();
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
        Set<Long> own = done.getOrDefault(assignment.partition(), Set.of());
        long restoredEnd = own.stream().mapToLong(offset -> offset + 1).max().orElse(0);
        return refusal == null ? new Opening.Ready(own::contains, restoredEnd) : new Opening.Refused(refusal);
    }

    @Override
    public void register(Assignment assignment, Collection<InputRecord> envelopes) {
        envelopes.forEach(input -> journal.add("register " + input));
        registered.addAll(envelopes);
        open.addAll(envelopes);
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
    public void onClosed(Consumer<InputRecord> listener) {
        onClosed = listener;
    }

    @Override
    public long answerBytes() {
        return answerBytes;
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
        List<InputRecord> closing =
                open.stream().filter(input -> gone.contains(input.assignment())).toList();
        open.removeAll(closing);
        closing.forEach(onClosed);
    }
}
