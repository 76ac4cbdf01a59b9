package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;

/** Records the requests that intake hands over and the order of its calls in a journal. Not thread-safe. */
final class RecordingSink implements RequestSink {
    final List<String> journal;
    final List<Request> accepted = new ArrayList<>();
    final List<Refusal> refused = new ArrayList<>();
    final List<InputRecord> postponed = new ArrayList<>();
    final List<String> shares = new ArrayList<>();
    int offsetsUnavailable;
    Runnable onWithdraw = () -> {};
    CompletableFuture<Void> withdrawal = CompletableFuture.completedFuture(null);

    record Refusal(InputRecord envelope, Reason reason, String problem) {}

    RecordingSink(List<String> journal) {
        this.journal = journal;
    }

    List<Long> offsets(TopicPartition partition) {
        return accepted.stream()
                .map(Request::envelope)
                .filter(envelope -> envelope.partition().equals(partition))
                .map(InputRecord::offset)
                .toList();
    }

    @Override
    public void accept(Request request) {
        journal.add("accept " + request);
        accepted.add(request);
    }

    @Override
    public void refuse(InputRecord envelope, Reason reason, String problem) {
        journal.add("refuse " + envelope);
        refused.add(new Refusal(envelope, reason, problem));
    }

    @Override
    public void postpone(InputRecord envelope) {
        journal.add("postpone " + envelope);
        postponed.add(envelope);
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
    public void cancel(Set<Assignment> gone) {
        journal.add("cancel");
    }
}
