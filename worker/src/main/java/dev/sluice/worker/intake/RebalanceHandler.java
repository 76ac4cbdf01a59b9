package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes over assigned partitions and gives up revoked and lost ones. Runs on the poll thread, inside {@code poll}.
 *
 * <p>Every callback publishes the ownership with fresh group metadata before it waits for anything. The broker rejects
 * a commit under older metadata, and outcomes are committed while the callback waits.
 */
public final class RebalanceHandler implements ConsumerRebalanceListener {
    private static final Logger log = LoggerFactory.getLogger(RebalanceHandler.class);

    // A callback waits for a transaction under way. A longer one is fenced: the generation of the group has moved on
    // then.
    private static final Duration MAX_TRANSACTION_TIME = Duration.ofSeconds(30);

    // how long the poll thread may be busy while no rebalance callback waits for calls
    private static final Duration POLL_INTERVAL = Duration.ofMinutes(5);

    private final Consumer<byte[], byte[]> consumer;
    private final Topics topics;
    private final AtomicReference<Ownership> ownership;
    private final OwnedPartitions partitions;
    private final DueGate dueGate;
    private final RequestSink sink;
    private final OffsetLedger ledger;
    private final Duration drainTimeout;
    private int width;
    private boolean denied;

    RebalanceHandler(
            Consumer<byte[], byte[]> consumer,
            Topics topics,
            AtomicReference<Ownership> ownership,
            OwnedPartitions partitions,
            DueGate dueGate,
            RequestSink sink,
            OffsetLedger ledger,
            Duration drainTimeout) {
        this.consumer = consumer;
        this.topics = topics;
        this.ownership = ownership;
        this.partitions = partitions;
        this.dueGate = dueGate;
        this.sink = sink;
        this.ledger = ledger;
        this.drainTimeout = drainTimeout;
    }

    /**
     * Returns how long a worker may take between two polls before its partitions are given to others. A healthy stage
     * needs less than that for one iteration, whatever it waits for. It waits in steps of seconds for a broker that is
     * unavailable.
     */
    public static Duration maxPollInterval(Duration drainTimeout) {
        return POLL_INTERVAL.plus(maxCallbackTime(drainTimeout));
    }

    static Duration maxCallbackTime(Duration drainTimeout) {
        return drainTimeout.plus(OffsetLedger.FLUSH_TIMEOUT).plus(MAX_TRANSACTION_TIME);
    }

    /** Treats revoked partitions as lost from now on, since Kafka's ACLs allow no more commits. */
    void commitsDenied() {
        denied = true;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
        Set<Assignment> added = partitions.add(assigned);
        publish(current().with(added));
        consumer.pause(assigned);
        // Without a position poll would throw, since no policy resets it. The opener seeks to what is committed. Kafka
        // takes an empty collection for all partitions.
        if (!assigned.isEmpty()) {
            consumer.seekToBeginning(assigned);
        }
        share();
        log.atInfo()
                .addKeyValue("bundles", bundles(assigned))
                .addKeyValue("partitions", assigned.size())
                .addKeyValue("owned", current().assignments().size())
                .log("Partitions assigned");
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
        if (denied) {
            onPartitionsLost(revoked);
            return;
        }
        publish(current());
        Set<Assignment> leaving = assignments(revoked);
        log.atInfo()
                .addKeyValue("bundles", bundles(revoked))
                .addKeyValue("partitions", revoked.size())
                .log("Partitions revoked");
        dueGate.drop(leaving);
        if (!within(drainTimeout, sink.withdraw(leaving))) {
            log.atWarn()
                    .addKeyValue("drainTimeout", drainTimeout)
                    .log("Calls did not end in time; they are cancelled and repeated by the next owner");
        }
        if (!within(OffsetLedger.FLUSH_TIMEOUT, ledger.flush())) {
            log.atWarn()
                    .addKeyValue("bound", OffsetLedger.FLUSH_TIMEOUT)
                    .log("Outcomes could not be committed in time; their calls are repeated by the next owner");
        }
        giveUp(leaving);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> lost) {
        Set<Assignment> gone = assignments(lost);
        log.atWarn()
                .addKeyValue("bundles", bundles(lost))
                .addKeyValue("partitions", lost.size())
                .log("Partitions lost; their calls are cancelled");
        dueGate.drop(gone);
        var unused = sink.withdraw(gone);
        giveUp(gone);
    }

    private void giveUp(Set<Assignment> gone) {
        publish(current().without(gone));
        sink.cancel(gone);
        ledger.close(gone);
        partitions.remove(gone);
        share();
        if (!within(MAX_TRANSACTION_TIME, ledger.flush())) {
            log.warn("Transaction still under way; Kafka rejects it, since the group has moved on");
        }
    }

    /**
     * Reports this worker's share again if partitions were added. The assigning member may have seen them before this
     * worker and rebalanced. Afterwards only this worker's own metadata tells their number.
     */
    void shareIfWider() {
        if (knownWidth() > width) {
            share();
        }
    }

    private void share() {
        int[] bundles = current().assignments().keySet().stream()
                .filter(partition -> partition.topic().equals(topics.requests()))
                .mapToInt(TopicPartition::partition)
                .toArray();
        int widest = Arrays.stream(bundles).max().orElse(-1) + 1;
        width = Math.max(widest, knownWidth());
        sink.share(bundles.length, width);
    }

    /**
     * Returns the number of whole bundles according to the consumer's metadata. It returns the number known before if
     * the consumer has just dropped its metadata.
     */
    private int knownWidth() {
        try {
            Map<String, Integer> partitions = new HashMap<>();
            for (String input : topics.inputs()) {
                partitions.put(
                        input, consumer.partitionsFor(input, Duration.ZERO).size());
            }
            int known = topics.bundleCount(partitions);
            return known == 0 ? width : known;
        } catch (TimeoutException | AuthorizationException e) {
            log.debug("Number of partitions unknown", e);
            return width;
        }
    }

    private Ownership current() {
        return ownership.get();
    }

    private void publish(Ownership owned) {
        ownership.set(owned.under(consumer.groupMetadata()));
    }

    private Set<Assignment> assignments(Collection<TopicPartition> gone) {
        Map<TopicPartition, Assignment> owned = current().assignments();
        Set<Assignment> found = new HashSet<>();
        for (TopicPartition partition : gone) {
            Assignment assignment = owned.get(partition);
            if (assignment != null) {
                found.add(assignment);
            }
        }
        return found;
    }

    private Set<Integer> bundles(Collection<TopicPartition> partitions) {
        return partitions.stream().map(topics::bundleOf).collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean within(Duration bound, CompletableFuture<Void> end) {
        try {
            end.get(bound.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (java.util.concurrent.TimeoutException | CancellationException late) {
            return false;
        } catch (InterruptedException interrupted) {
            throw new InterruptException(interrupted);
        } catch (ExecutionException failed) {
            throw new IllegalStateException("a stage failed while partitions were given up", failed.getCause());
        }
    }
}
