package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/** Records the requests that intake hands over and the order of its calls in a journal. Not thread-safe. */
final class RecordingSink implements RequestSink {
    final List<String> journal;
    final List<Request> accepted = new ArrayList<>();
    final List<Refusal> refused = new ArrayList<>();
    final List<InputRecord> postponed = new ArrayList<>();
    final List<Request> moved = new ArrayList<>();
    final List<String> shares = new ArrayList<>();
    Set<TopicPartition> reads = Set.of();
    int offsetsUnavailable;
    Runnable onWithdraw = () -> {};
    CompletableFuture<Void> withdrawal = CompletableFuture.completedFuture(null);

    /** The action that follows when a request moves to a partition of the overflow topic. */
    BiConsumer<Request, Integer> onMove = (request, overflowPartition) -> {};

    record Refusal(InputRecord input, Reason reason, String problem) {}

    RecordingSink(List<String> journal) {
        this.journal = journal;
    }

    List<Long> offsets(TopicPartition partition) {
        return accepted.stream()
                .map(Request::input)
                .filter(input -> input.partition().equals(partition))
                .map(InputRecord::offset)
                .toList();
    }

    @Override
    public void accept(Request request) {
        journal.add("accept " + request);
        accepted.add(request);
    }

    @Override
    public void refuse(InputRecord input, Reason reason, String problem) {
        journal.add("refuse " + input);
        refused.add(new Refusal(input, reason, problem));
    }

    @Override
    public void postpone(Request request) {
        InputRecord input = request.input();
        journal.add("postpone " + input);
        postponed.add(input);
    }

    @Override
    public boolean move(Request request, int overflowPartition) {
        journal.add("move " + request + " to " + overflowPartition);
        moved.add(request);
        onMove.accept(request, overflowPartition);
        return true;
    }

    @Override
    public void share(int bundles, int width) {
        journal.add("share");
        shares.add(bundles + "/" + width);
    }

    @Override
    public CompletableFuture<Void> withdraw(Set<Assignment> leaving) {
        journal.add("withdraw");
        onWithdraw.run();
        return withdrawal;
    }

    @Override
    public void offsetsUnavailable() {
        offsetsUnavailable++;
    }

    @Override
    public void reads(Set<Assignment> assignments) {
        reads = assignments.stream().map(Assignment::partition).collect(Collectors.toSet());
    }

    @Override
    public void cancel(Set<Assignment> gone) {
        journal.add("cancel");
    }
}
