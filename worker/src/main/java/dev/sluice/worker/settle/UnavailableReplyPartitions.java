package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of foreign reply topics that cannot be written to because they have no leader, or too few replicas in
 * sync. Their settlements wait here unchanged, since such a partition comes back. Nothing else waits for them. Owned by
 * the settle thread.
 *
 * <p>Not all can wait, and none for long, since open records fill the read-ahead and the windows of their partitions.
 * So there is a bound for all together, and after two minutes no reply waits for the partition any more. The others go
 * to the queue's own reply topic, and a header says why.
 *
 * <p>Whoever waits for a reply does not look there. So no reply goes there because of a leader's election, or because
 * Kafka as a whole takes nothing: time counts only from when it is known that others can be written to, by Kafka's
 * metadata or because a transaction without the partition was committed. Within the first 20 s all replies wait.
 *
 * <p>The queue's own topics are never here, since nothing can be settled without them.
 *
 * <p>Kafka's metadata tells which partitions cannot be written to, and nothing is sent to those. Where it tells nothing
 * of the kind, only a send shows that the partition takes records again. A send that fails costs everything else the
 * producer's delivery timeout of 10 s. So all such partitions are probed together, with one settlement each, in a
 * transaction that contains nothing else. The pause between probes doubles from 10 s to two minutes.
 */
final class UnavailableReplyPartitions {
    private static final long FIRST_PAUSE = Duration.ofSeconds(10).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofMinutes(2).toNanos();
    private static final long LONGEST_WAIT = Duration.ofMinutes(2).toNanos();
    /** The time until the bound on waiting replies holds. Kafka elects a leader within it. */
    private static final long SHORTEST_WAIT = Duration.ofSeconds(20).toNanos();

    private static final Logger log = LoggerFactory.getLogger(UnavailableReplyPartitions.class);

    private final Topics topics;
    private final Settle.WaitingReplies most;
    private final Function<String, Set<Integer>> unwritable;
    private final LongSupplier nanoTime;
    private final Map<TopicPartition, Deque<Settlement>> waiting = new LinkedHashMap<>();
    /** The time from which each of these partitions could not be written to. */
    private final Map<TopicPartition, Long> since = new HashMap<>();
    /** The time from which it is known that others can be written to meanwhile. */
    private final Map<TopicPartition, Long> alone = new HashMap<>();

    private long waitingBytes;
    /**
     * Partitions whose sends failed in the same transaction as another's. They are probed first, without a pause, to
     * find out whether they are unavailable too.
     */
    private final Set<TopicPartition> unconfirmed = new HashSet<>();

    /** Partitions that Kafka's metadata has to show as writable before anything is sent there. */
    private final Set<TopicPartition> untilWritable = new HashSet<>();

    /** The partitions of the probe under way, by the index of the settlement that is sent there. */
    private final List<TopicPartition> probed = new ArrayList<>();

    private long pause = FIRST_PAUSE;
    private long probeAt;

    /** @param unwritable returns the partitions of a topic that cannot be written to, as far as is known */
    UnavailableReplyPartitions(
            Topics topics,
            Settle.WaitingReplies most,
            Function<String, Set<Integer>> unwritable,
            LongSupplier nanoTime) {
        this.topics = topics;
        this.most = most;
        this.unwritable = unwritable;
        this.nanoTime = nanoTime;
        this.probeAt = nanoTime.getAsLong();
    }

    /** Returns where this settlement can go now. If it is to wait, it waits here and the result is empty. */
    Optional<ReplyRoute> admit(Settlement settlement, ReplyRoute requested) {
        if (!concerns(requested.topic())) {
            return Optional.of(requested);
        }
        List<TopicPartition> candidates =
                requested.candidates(settlement.key(), settlement.input().offset());
        Optional<TopicPartition> available =
                candidates.stream().filter(target -> !isUnavailable(target)).findFirst();
        if (available.isEmpty()) {
            TopicPartition first = candidates.get(0);
            boolean itself = waiting.containsKey(first) || cannotBeWritten(first);
            return admitUnavailable(settlement, itself ? first : unchosen(first.topic()));
        }
        return available.map(target -> candidates.size() == 1 ? requested : requested.at(target.partition()));
    }

    /** Returns whether a partition of this topic may be unavailable. */
    private boolean concerns(String topic) {
        return !topic.equals(topics.replies())
                && (!unwritable.apply(topic).isEmpty()
                        || waiting.keySet().stream()
                                .anyMatch(partition -> partition.topic().equals(topic)));
    }

    /** Returns whether nobody can write to this partition, as far as is known from Kafka's metadata. */
    boolean cannotBeWritten(TopicPartition partition) {
        Set<Integer> numbers = unwritable.apply(partition.topic());
        return numbers.contains(partition.partition()) || (partition.partition() < 0 && !numbers.isEmpty());
    }

    private Optional<ReplyRoute> admitUnavailable(Settlement settlement, TopicPartition partition) {
        if (!waiting.containsKey(partition)) {
            waiting(partition);
            log.atWarn()
                    .addKeyValue("partition", partition)
                    .log("Reply partition unavailable; its replies wait for at most two minutes");
        }
        if (cannotBeWritten(partition)) {
            noteAlone(partition);
        }
        // without any that waits, the next one is the probe
        boolean waits = isOverdue(partition)
                ? isProbeDue(partition) && waiting(partition).isEmpty()
                : isWithinBound() || !isAloneFor(partition, SHORTEST_WAIT);
        if (waits) {
            add(partition, settlement);
            return Optional.empty();
        }
        return Optional.of(new ReplyRoute(topics.replies(), null, 0, null, sentence(partition)));
    }

    private boolean isWithinBound() {
        return size() < most.replies() && waitingBytes < most.bytes();
    }

    /** Learns that others can be written to while this partition cannot. */
    private void noteAlone(TopicPartition partition) {
        alone.computeIfAbsent(partition, first -> nanoTime.getAsLong());
    }

    private boolean isAloneFor(TopicPartition partition, long nanos) {
        Long from = alone.get(partition);
        return from != null && nanoTime.getAsLong() - from >= nanos;
    }

    private String sentence(TopicPartition partition) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(unavailableFor(partition));
        String name = partition.partition() < 0 ? "topic " + partition.topic() : "partition " + partition;
        return "reply " + name + " has taken nothing for " + seconds + " s";
    }

    /** Returns a sentence for each partition. */
    List<String> sentences() {
        return since.keySet().stream()
                .map(partition -> sentence(partition) + ", and its replies "
                        + (isOverdue(partition) ? "go to " + topics.replies() : "wait"))
                .toList();
    }

    private long unavailableFor(TopicPartition partition) {
        long now = nanoTime.getAsLong();
        return now - since.getOrDefault(partition, now);
    }

    private boolean isOverdue(TopicPartition partition) {
        return isAloneFor(partition, LONGEST_WAIT);
    }

    private boolean isProbeDue() {
        return nanoTime.getAsLong() - probeAt >= 0;
    }

    private boolean isProbeDue(TopicPartition partition) {
        return isProbeDue() && !cannotBeWritten(partition);
    }

    /**
     * Takes out what has waited for too long, and what is more than may wait. A settlement that is to be the next probe
     * stays.
     */
    List<Settlement> takeOverdue() {
        List<Settlement> overdue = new ArrayList<>();
        waiting.forEach((partition, settlements) -> {
            if (isOverdue(partition) && !isProbeDue(partition)) {
                overdue.addAll(settlements);
                settlements.clear();
            }
        });
        overdue.forEach(settlement -> waitingBytes -= settlement.weight());
        waiting.keySet().stream()
                .filter(partition -> isAloneFor(partition, SHORTEST_WAIT))
                .forEach(partition -> takeExcess(partition, overdue));
        return overdue;
    }

    /** Takes out the newest, which have waited for the shortest time. */
    private void takeExcess(TopicPartition partition, List<Settlement> overdue) {
        Deque<Settlement> settlements = waiting(partition);
        while (settlements.size() > 1 && (size() > most.replies() || waitingBytes > most.bytes())) {
            Settlement newest = settlements.removeLast();
            waitingBytes -= newest.weight();
            overdue.add(newest);
        }
    }

    private boolean isUnavailable(TopicPartition target) {
        return waiting.containsKey(target) || waiting.containsKey(unchosen(target.topic())) || cannotBeWritten(target);
    }

    /** Returns the name for all partitions of a topic. It stands for sends that failed before they had a partition. */
    private static TopicPartition unchosen(String topic) {
        return new TopicPartition(topic, RecordMetadata.UNKNOWN_PARTITION);
    }

    /** Returns the route of a probe. A settlement that may go to any partition goes to the one it waits for. */
    static ReplyRoute probeRoute(Settlement settlement, ReplyRoute requested, TopicPartition partition) {
        boolean any = requested.partition() == null && settlement.key() == null;
        boolean chosen = requested.topic().equals(partition.topic()) && partition.partition() >= 0;
        return any && chosen ? requested.at(partition.partition()) : requested;
    }

    void add(TopicPartition partition, Settlement settlement) {
        waiting(partition).add(settlement);
        waitingBytes += settlement.weight();
    }

    void removeIf(Predicate<Settlement> gone) {
        waiting.values()
                .forEach(settlements -> settlements.removeIf(settlement -> {
                    boolean isGone = gone.test(settlement);
                    waitingBytes -= isGone ? settlement.weight() : 0;
                    return isGone;
                }));
    }

    /** Returns whether settlements wait for a partition that is not known to be unavailable. */
    boolean hasUnconfirmed() {
        return unconfirmed.stream().anyMatch(partition -> !waiting(partition).isEmpty());
    }

    /** Takes out one settlement for each partition that is due for a probe. The result is empty if none is due. */
    List<PendingSettlements.Routed> probe(
            BiFunction<Settlement, TopicPartition, Optional<PendingSettlements.Routed>> router) {
        boolean all = unconfirmed.isEmpty() && isProbeDue();
        List<PendingSettlements.Routed> taken = new ArrayList<>();
        for (TopicPartition partition : List.copyOf(all ? waiting.keySet() : unconfirmed)) {
            Settlement first = waiting(partition).peek();
            if (cannotBeWritten(partition)) {
                noteAlone(partition);
                unconfirmed.remove(partition);
                untilWritable.add(partition);
                continue;
            }
            if (first == null && isOverdue(partition) && !untilWritable.contains(partition)) {
                // the next settlement is the probe, and until then none waits
                continue;
            }
            if (first == null) {
                // nothing is left to probe with; the next settlement goes there directly and finds out
                remove(partition);
                continue;
            }
            router.apply(first, partition).ifPresent(routed -> {
                waiting(partition).remove();
                waitingBytes -= first.weight();
                unconfirmed.remove(partition);
                untilWritable.remove(partition);
                probed.add(partition);
                taken.add(routed);
            });
        }
        return taken;
    }

    /**
     * Learns from an aborted transaction.
     *
     * @return the settlements that must wait, by index, each with its partition
     */
    Map<Integer, TopicPartition> aborted(List<Settlement> settlements, FailedPartitions failed) {
        Set<TopicPartition> unavailable = failed.unavailable().keySet();
        boolean learned = !unavailable.isEmpty() && unavailable.stream().noneMatch(this::isOwn);
        if (!probed.isEmpty()) {
            return afterFailedProbe(settlements, failed, learned);
        }
        return learned ? markUnavailable(failed) : Map.of();
    }

    private Map<Integer, TopicPartition> markUnavailable(FailedPartitions failed) {
        Map<Integer, TopicPartition> kept = new HashMap<>();
        failed.unconfirmed().forEach((partition, settlements) -> {
            if (!isOwn(partition) && !waiting.containsKey(partition)) {
                unconfirmed.add(partition);
                settlements.forEach(index -> kept.put(index, partition));
            }
        });
        failed.unavailable().forEach((partition, settlements) -> {
            unconfirmed.remove(partition);
            settlements.forEach(index -> kept.put(index, partition));
        });
        kept.values().forEach(this::waiting);
        pauseFor(FIRST_PAUSE);
        log.atWarn()
                .addKeyValue("partitions", failed.unavailable().keySet())
                .addKeyValue("pause", Duration.ofNanos(pause))
                .log("Reply partitions unavailable; their replies wait for at most two minutes");
        return kept;
    }

    private Map<Integer, TopicPartition> afterFailedProbe(
            List<Settlement> settlements, FailedPartitions failed, boolean learned) {
        Map<Integer, TopicPartition> kept = new HashMap<>();
        for (int i = 0; i < settlements.size(); i++) {
            boolean goesElsewhere = settlements.get(i).form() != Settlement.Form.AS_ASKED;
            if (!goesElsewhere && !failed.written().contains(probed.get(i))) {
                kept.put(i, probed.get(i));
            }
        }
        probed.removeAll(kept.values());
        pauseFor(learned ? Math.min(2 * pause, LONGEST_PAUSE) : pause);
        if (learned) {
            log.atWarn()
                    .addKeyValue("partitions", kept.values())
                    .addKeyValue("waiting", kept.size() + size())
                    .addKeyValue("pause", Duration.ofNanos(pause))
                    .log("Reply partitions still unavailable");
        }
        return kept;
    }

    /**
     * Learns that a transaction was committed.
     *
     * @return the settlements of every partition that it has probed
     */
    List<Settlement> committed() {
        if (probed.isEmpty()) {
            waiting.keySet().forEach(this::noteAlone);
        }
        return takeAvailable();
    }

    /** Takes out the settlements of every partition that the last probe has written to. */
    List<Settlement> takeAvailable() {
        List<Settlement> available = new ArrayList<>();
        for (TopicPartition partition : probed) {
            available.addAll(remove(partition));
            log.atInfo().addKeyValue("partition", partition).log("Reply partition available again");
        }
        probed.clear();
        return available;
    }

    /** Returns the number of settlements that wait here. */
    int size() {
        return waiting.values().stream().mapToInt(Deque::size).sum();
    }

    private Deque<Settlement> remove(TopicPartition partition) {
        Deque<Settlement> settlements = waiting(partition);
        waiting.remove(partition);
        since.remove(partition);
        alone.remove(partition);
        settlements.forEach(settlement -> waitingBytes -= settlement.weight());
        unconfirmed.remove(partition);
        untilWritable.remove(partition);
        return settlements;
    }

    private Deque<Settlement> waiting(TopicPartition partition) {
        since.computeIfAbsent(partition, first -> nanoTime.getAsLong());
        return waiting.computeIfAbsent(partition, first -> new ArrayDeque<>());
    }

    private boolean isOwn(TopicPartition partition) {
        return topics.required().contains(partition.topic());
    }

    private void pauseFor(long nanos) {
        pause = nanos;
        probeAt = nanoTime.getAsLong() + nanos;
    }
}
