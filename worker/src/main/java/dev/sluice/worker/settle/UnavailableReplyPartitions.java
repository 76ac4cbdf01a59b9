package dev.sluice.worker.settle;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of others' reply topics that cannot be written to for the moment, since they have no leader, and what is to
 * go there. It waits here as it is, since such a partition comes back, and nothing else waits for it. Never one of the
 * queue's own topics: nothing can be settled without those. Where there are too few replicas in sync this is not enough:
 * Kafka cannot write the end of the aborted transaction there, and lets the transactional id do nothing until it can.
 *
 * <p>Only a send finds out whether a partition is back, and one that is not costs all others a transaction that takes the
 * producer's delivery timeout, 10 s. So all of them are tried together, with one settlement each and in a transaction of
 * their own, since then a failure says something of each: nobody innocent is in it. The pause before it doubles, from 10 s
 * to two minutes. Owned by the settle thread.
 */
final class UnavailableReplyPartitions {
    private static final long FIRST_PAUSE = Duration.ofSeconds(10).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofMinutes(2).toNanos();

    private static final Logger log = LoggerFactory.getLogger(UnavailableReplyPartitions.class);

    private final Collection<String> own;
    private final LongSupplier nanoTime;
    private final Map<TopicPartition, Deque<Settlement>> waiting = new LinkedHashMap<>();
    /** Those that failed together with others, perhaps on their account alone: tried at once, so that it is known. */
    private final Set<TopicPartition> suspects = new HashSet<>();

    /** By the index of the settlement that is sent there. */
    private final List<TopicPartition> onTrial = new ArrayList<>();

    private long pause = FIRST_PAUSE;
    private long tryAt;

    /** @param own the queue's own topics */
    UnavailableReplyPartitions(Collection<String> own, LongSupplier nanoTime) {
        this.own = own;
        this.nanoTime = nanoTime;
    }

    /** Where this settlement goes now; empty where it cannot, and waits here from now on. */
    Optional<ReplyRoute> pass(Settlement settlement, ReplyRoute asked) {
        if (waiting.keySet().stream().noneMatch(closed -> closed.topic().equals(asked.topic()))) {
            return Optional.of(asked);
        }
        List<TopicPartition> targets = targets(settlement, asked);
        Optional<TopicPartition> open =
                targets.stream().filter(target -> !isClosed(target)).findFirst();
        if (open.isEmpty()) {
            TopicPartition first = targets.get(0);
            hold(waiting.containsKey(first) ? first : unchosen(first.topic()), settlement);
        }
        return open.map(target -> targets.size() == 1 ? asked : asked.at(target.partition()));
    }

    private boolean isClosed(TopicPartition target) {
        return waiting.containsKey(target) || waiting.containsKey(unchosen(target.topic()));
    }

    /** All partitions of it: what was to go there has failed before it had one. */
    private static TopicPartition unchosen(String topic) {
        return new TopicPartition(topic, RecordMetadata.UNKNOWN_PARTITION);
    }

    /** As Kafka's partitioner chooses by the key; any, without one. A user's own partitioner finds out by failing. */
    private static List<TopicPartition> targets(Settlement settlement, ReplyRoute asked) {
        byte[] key = settlement.key();
        if (asked.partition() != null) {
            return List.of(new TopicPartition(asked.topic(), asked.partition()));
        }
        if (key != null) {
            return List.of(new TopicPartition(asked.topic(), Utils.toPositive(Utils.murmur2(key)) % asked.width()));
        }
        int first = (int) (settlement.envelope().offset() % asked.width());
        return IntStream.range(first, first + asked.width())
                .mapToObj(i -> new TopicPartition(asked.topic(), i % asked.width()))
                .toList();
    }

    /** The very partition it waits for, where any would do. */
    static ReplyRoute tried(Settlement settlement, ReplyRoute asked, TopicPartition partition) {
        boolean any = asked.partition() == null && settlement.key() == null;
        boolean chosen = asked.topic().equals(partition.topic()) && partition.partition() >= 0;
        return any && chosen ? asked.at(partition.partition()) : asked;
    }

    void hold(TopicPartition partition, Settlement settlement) {
        waiting(partition).add(settlement);
    }

    void removeIf(Predicate<Settlement> gone) {
        waiting.values().forEach(settlements -> settlements.removeIf(gone));
    }

    /** Whether some wait of which is not known yet whether they have to. */
    boolean isUndecided() {
        return suspects.stream().anyMatch(partition -> !waiting(partition).isEmpty());
    }

    /** One settlement for each partition whose time has come; empty where there is none. */
    List<PendingSettlements.Routed> trial(
            BiFunction<Settlement, TopicPartition, Optional<PendingSettlements.Routed>> router) {
        boolean all = suspects.isEmpty() && nanoTime.getAsLong() - tryAt >= 0;
        List<PendingSettlements.Routed> taken = new ArrayList<>();
        for (TopicPartition partition : List.copyOf(all ? waiting.keySet() : suspects)) {
            Settlement first = waiting(partition).peek();
            if (first == null) {
                // whoever comes next finds out
                open(partition);
                continue;
            }
            router.apply(first, partition).ifPresent(routed -> {
                waiting(partition).remove();
                suspects.remove(partition);
                onTrial.add(partition);
                taken.add(routed);
            });
        }
        return taken;
    }

    /**
     * Learns from a transaction that was aborted.
     *
     * @return which of its settlements are to be held, by index, and for which partition
     */
    Map<Integer, TopicPartition> aborted(List<Settlement> settlements, FailedPartitions undelivered) {
        Set<TopicPartition> failed = undelivered.unwritable().keySet();
        boolean learned = !failed.isEmpty() && failed.stream().noneMatch(this::isOwn);
        return onTrial.isEmpty()
                ? learned ? close(undelivered) : Map.of()
                : keepClosed(settlements, undelivered, learned);
    }

    private Map<Integer, TopicPartition> close(FailedPartitions undelivered) {
        Map<Integer, TopicPartition> held = new HashMap<>();
        undelivered.unsent().forEach((partition, settlements) -> {
            if (!isOwn(partition) && !waiting.containsKey(partition)) {
                suspects.add(partition);
                settlements.forEach(index -> held.put(index, partition));
            }
        });
        undelivered.unwritable().forEach((partition, settlements) -> {
            suspects.remove(partition);
            settlements.forEach(index -> held.put(index, partition));
        });
        held.values().forEach(this::waiting);
        rest(FIRST_PAUSE);
        log.atWarn()
                .addKeyValue("partitions", undelivered.unwritable().keySet())
                .addKeyValue("pause", Duration.ofNanos(pause))
                .log("replies cannot be written there for the moment; they wait, and nothing else does");
        return held;
    }

    private Map<Integer, TopicPartition> keepClosed(
            List<Settlement> settlements, FailedPartitions undelivered, boolean learned) {
        Map<Integer, TopicPartition> held = new HashMap<>();
        for (int i = 0; i < settlements.size(); i++) {
            boolean goesElsewhere = settlements.get(i).form() != Settlement.Form.AS_ASKED;
            if (!goesElsewhere && !undelivered.written().contains(onTrial.get(i))) {
                held.put(i, onTrial.get(i));
            }
        }
        onTrial.removeAll(held.values());
        rest(learned ? Math.min(2 * pause, LONGEST_PAUSE) : pause);
        if (learned) {
            log.atWarn()
                    .addKeyValue("partitions", held.values())
                    .addKeyValue("waiting", held.size() + size())
                    .addKeyValue("pause", Duration.ofNanos(pause))
                    .log("replies still cannot be written there");
        }
        return held;
    }

    /** What need not wait any longer, after a trial in which something was written. */
    List<Settlement> released() {
        List<Settlement> released = new ArrayList<>();
        for (TopicPartition partition : onTrial) {
            released.addAll(open(partition));
            log.atInfo().addKeyValue("partition", partition).log("replies are written there again");
        }
        onTrial.clear();
        return released;
    }

    /** How many settlements wait here. */
    int size() {
        return waiting.values().stream().mapToInt(Deque::size).sum();
    }

    private Deque<Settlement> open(TopicPartition partition) {
        Deque<Settlement> released = waiting(partition);
        waiting.remove(partition);
        suspects.remove(partition);
        return released;
    }

    private Deque<Settlement> waiting(TopicPartition partition) {
        return waiting.computeIfAbsent(partition, first -> new ArrayDeque<>());
    }

    private boolean isOwn(TopicPartition partition) {
        return own.contains(partition.topic());
    }

    private void rest(long nanos) {
        pause = nanos;
        tryAt = nanoTime.getAsLong() + nanos;
    }
}
