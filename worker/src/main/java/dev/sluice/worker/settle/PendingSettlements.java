package dev.sluice.worker.settle;

import dev.sluice.wire.Reason;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The outcomes that are not committed yet. Chooses which of them go into the next transaction. Owned by the settle
 * thread. Any thread may call {@link #count} and {@link #answerBytes}.
 *
 * <p>A settlement that cannot go delays no other. That holds while its reply topic is looked up or is unavailable, and
 * even if Kafka rejects its records in every form.
 */
final class PendingSettlements {
    private static final long BLOCKED_NANOS = Duration.ofSeconds(10).toNanos();

    /** The most requests that move to the overflow topic in one transaction while there are other outcomes. */
    private static final int MOVES_BESIDE_OTHERS = 100;

    /** The time after another outcome in which the next one is expected, so that moves do not hold it up. */
    private static final long OTHERS_EXPECTED_NANOS = Duration.ofMillis(100).toNanos();

    private static final Logger log = LoggerFactory.getLogger(PendingSettlements.class);

    private final ReplyRoutes routes;
    private final OutputRecords outputRecords;
    private final BooleanSupplier timestampRejected;
    private final LongSupplier nanoTime;
    private final BatchLimit limit = new BatchLimit();
    /** True if the next transaction has the first settlement alone, to find out whether it spoils the others. */
    private boolean onlyFirst;

    private List<Settlement> pending = new ArrayList<>();
    /**
     * Settlements whose records Kafka rejects in every form, since the queue's own topics cannot be written to. They
     * are tried again after a while.
     */
    private final List<Settlement> blocked = new ArrayList<>();

    private final UnavailableReplyPartitions unavailable;

    private long blockedUntil;
    /** Overflow partitions that took nothing the last time. For a while nothing moves there. */
    private Set<Integer> unwritableOverflow = Set.of();

    private long movesAgainAt;
    private long othersExpectedUntil;
    /** The bytes of all uncommitted answers. They may be on their way here, pending or in the current transaction. */
    private final AtomicLong answerBytes = new AtomicLong();

    /**
     * A settlement in the form in which it goes, and the records it puts on Kafka.
     *
     * @param redirected whether its reply goes to the queue's own reply topic since another cannot be written to
     */
    record Routed(Settlement settlement, List<ProducerRecord<byte[], byte[]>> records, boolean redirected) {}

    /** @param timestampRejected learns that Kafka has rejected a timestamp; returns whether the next are others */
    PendingSettlements(
            ReplyRoutes routes,
            OutputRecords outputRecords,
            BooleanSupplier timestampRejected,
            Settle.WaitingReplies mostWaiting,
            LongSupplier nanoTime) {
        this.routes = routes;
        this.outputRecords = outputRecords;
        this.timestampRejected = timestampRejected;
        this.nanoTime = nanoTime;
        this.unavailable = new UnavailableReplyPartitions(
                outputRecords.topics(), mostWaiting, topic -> routes.unwritable(topic, nowMillis()), nanoTime);
        this.blockedUntil = nanoTime.getAsLong();
        this.othersExpectedUntil = blockedUntil;
    }

    /** Counts the bytes of an answer when it is handed over. The settle thread adds the settlement later. */
    void count(Settlement settlement) {
        answerBytes.addAndGet(settlement.answerBytes());
    }

    /** Returns the bytes of all answers that were counted and are neither committed nor dropped. */
    long answerBytes() {
        return answerBytes.get();
    }

    /** @param settlement one that was counted before */
    void add(Settlement settlement) {
        pending.add(settlement);
        if (!settlement.isMove()) {
            othersExpectedUntil = nanoTime.getAsLong() + OTHERS_EXPECTED_NANOS;
        }
    }

    /**
     * Returns whether a flush has to wait for something here. It does not wait for what goes to an unavailable
     * partition. That is not expected soon, and waiting would delay the whole group at each rebalance.
     */
    boolean delaysFlush() {
        return !pending.stream().allMatch(this::isHeld) || !blocked.isEmpty() || unavailable.hasUnconfirmed();
    }

    /** Returns the number of replies that wait for an unavailable partition. */
    int waitingReplies() {
        return unavailable.size();
    }

    /** Returns a sentence for each unavailable partition. */
    List<String> unavailablePartitions() {
        return unavailable.sentences();
    }

    /** Drops the settlements of partitions that this worker no longer owns. */
    void dropStale(Ownership owned) {
        Predicate<Settlement> dropped = settlement -> {
            boolean stale = !owned.holds(settlement.input().assignment());
            if (stale) {
                release(settlement);
            }
            return stale;
        };
        pending.removeIf(dropped);
        blocked.removeIf(dropped);
        unavailable.removeIf(dropped);
    }

    /**
     * Learns that everything taken last is on Kafka.
     *
     * @param nanos the time that its transaction took
     */
    void committed(List<Settlement> settlements, long nanos) {
        limit.committed(cost(settlements), nanos);
        settlements.forEach(this::release);
        pending.addAll(0, unavailable.committed());
    }

    private void release(Settlement settlement) {
        answerBytes.addAndGet(-settlement.answerBytes());
    }

    /** Returns {@code to} after counting the change in bytes. */
    private Settlement changed(Settlement from, Settlement to) {
        answerBytes.addAndGet(to.answerBytes() - from.answerBytes());
        return to;
    }

    /**
     * Takes out the settlements for one transaction. At least one that can go is taken. One that is larger than a
     * transaction goes alone, so that no others wait for as long as it needs.
     */
    List<Routed> take() {
        if (nanoTime.getAsLong() - blockedUntil >= 0) {
            pending.addAll(blocked);
            blocked.clear();
        }
        pending.addAll(unavailable.takeOverdue());
        List<Routed> probe = unavailable.probe((settlement, partition) -> route(settlement)
                .filter(route -> !unavailable.cannotBeWritten(partition))
                .map(route -> routed(settlement, UnavailableReplyPartitions.probeRoute(settlement, route, partition))));
        return probe.isEmpty() ? takePending() : probe;
    }

    private List<Routed> takePending() {
        List<Routed> taken = new ArrayList<>();
        List<Settlement> others = new ArrayList<>();
        long cost = 0;
        int moves = 0;
        if (!onlyFirst) {
            // nobody waits for the end of a move
            pending.sort(Comparator.comparing(Settlement::isMove));
        }
        int mostMoves = areOthersExpected() ? MOVES_BESIDE_OTHERS : Integer.MAX_VALUE;
        for (Settlement settlement : pending) {
            boolean isAlone = onlyFirst || limit.isFull(BatchLimit.costOf(settlement));
            boolean full = limit.isFull(cost) || (isAlone && !taken.isEmpty());
            full |= settlement.isMove() && (moves >= mostMoves || isHeld(settlement));
            Optional<ReplyRoute> route = full ? Optional.empty() : route(settlement);
            if (route.isEmpty()) {
                others.add(settlement);
                continue;
            }
            Optional<ReplyRoute> available = unavailable.admit(settlement, route.get());
            available.ifPresent(to -> taken.add(routed(settlement, to)));
            cost += available.isPresent() ? BatchLimit.costOf(settlement) : 0;
            moves += settlement.isMove() ? 1 : 0;
        }
        pending = others;
        onlyFirst = false;
        return taken;
    }

    /** Returns true if other outcomes than moves are expected soon, since there was one a moment ago. */
    boolean areOthersExpected() {
        return othersExpectedUntil - nanoTime.getAsLong() > 0;
    }

    /** Returns true for a move to an overflow partition that took nothing the last time. */
    private boolean isHeld(Settlement settlement) {
        return settlement.outcome() instanceof Outcome.Move move
                && unwritableOverflow.contains(move.overflowPartition())
                && nanoTime.getAsLong() - movesAgainAt < 0;
    }

    /**
     * Lets moves to overflow partitions that took nothing wait, so that they spoil no replies.
     *
     * @return whether there are any
     */
    private boolean holdMoves(FailedPartitions failed) {
        Set<Integer> unwritable = failed.unavailable().keySet().stream()
                .filter(partition ->
                        partition.topic().equals(outputRecords.topics().overflow()))
                .map(TopicPartition::partition)
                .collect(Collectors.toSet());
        if (!unwritable.isEmpty()) {
            unwritableOverflow = unwritable;
            movesAgainAt = nanoTime.getAsLong() + BLOCKED_NANOS;
            log.atWarn().addKeyValue("partitions", unwritable).log("Overflow partitions unavailable; moves wait");
        }
        return !unwritable.isEmpty();
    }

    /** Returns the route of the reply, or empty while its topic is looked up. */
    private Optional<ReplyRoute> route(Settlement settlement) {
        return routes.of(settlement, nowMillis());
    }

    private long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong());
    }

    /** Makes the records of a settlement. A reply that cannot go where the request wants it becomes a dead letter. */
    private Routed routed(Settlement settlement, ReplyRoute route) {
        Settlement routed = route.problem() != null && settlement.outcome() instanceof Outcome.Reply
                ? changed(settlement, replyTopicRefused(settlement, route.problem()))
                : settlement;
        return new Routed(routed, outputRecords.of(routed, route), route.redirected() != null);
    }

    private static Settlement replyTopicRefused(Settlement settlement, String problem) {
        return settlement.deadLetter(Reason.REPLY_TOPIC_REFUSED, problem, Settlement.Form.OWN_REPLY_TOPIC);
    }

    /**
     * Takes back the settlements of an aborted transaction.
     *
     * @return whether the next transaction will differ, so that trying at once makes sense
     */
    boolean putBack(List<Settlement> aborted, TransactionResult result) {
        Map<Integer, Exception> rejections = result.rejections();
        Map<Integer, TopicPartition> kept = unavailable.aborted(aborted, result.failedPartitions());
        if (rejections.isEmpty() && result.suspect().isEmpty()) {
            routes.invalidate();
        }
        List<Settlement> next = new ArrayList<>();
        int before = blocked.size();
        Exception cause = null;
        for (int i = 0; i < aborted.size(); i++) {
            Settlement settlement = aborted.get(i);
            Exception rejection = rejections.get(i);
            TopicPartition partition = kept.get(i);
            if (rejection == null && partition != null) {
                unavailable.add(partition, settlement);
            } else if (rejection == null) {
                next.add(settlement);
            } else if (!putBack(settlement, rejection, next)) {
                cause = rejection;
            }
        }
        pending.addAll(0, next);
        pending.addAll(unavailable.takeAvailable());
        if (cause != null) {
            block(blocked.size() - before, cause);
        }
        boolean holdsMoves = holdMoves(result.failedPartitions());
        boolean known = !rejections.isEmpty() || !kept.isEmpty() || holdsMoves;
        return known || isolateCulprit(next, result.suspect());
    }

    /**
     * Prepares the next transaction after one whose failure has no known cause.
     *
     * @param aborted what is at the head of the pending settlements again
     * @return whether trying at once makes sense
     */
    private boolean isolateCulprit(List<Settlement> aborted, Optional<SendFailures.Failure> suspect) {
        boolean byTimestamp = suspect.isPresent() && suspect.get().exception() instanceof InvalidTimestampException;
        if (byTimestamp && timestampRejected.getAsBoolean()) {
            return true;
        }
        if (suspect.isPresent() && aborted.size() > 1) {
            pending.add(0, pending.remove(suspect.get().settlement()));
            onlyFirst = true;
            return true;
        }
        if (suspect.isPresent() && suspect.get().mayPass()) {
            holdBack(pending.remove(0), suspect.get());
            return true;
        }
        limit.aborted(cost(aborted));
        // others go first, in case that this one is the cause
        pending.addAll(pending.subList(0, aborted.size()));
        pending.subList(0, aborted.size()).clear();
        return false;
    }

    /** Lets a settlement wait that Kafka rejects alone, though it may take it later. */
    private void holdBack(Settlement settlement, SendFailures.Failure failure) {
        boolean isTopics = failure.exception() instanceof InvalidTimestampException
                && !outputRecords.ownTopics().contains(failure.target().topic());
        if (isTopics) {
            // The topic rejects the timestamps of all its records, whatever the clock.
            unavailable.add(failure.target(), settlement);
        } else {
            blocked.add(settlement);
            block(1, failure.exception());
        }
    }

    private static long cost(List<Settlement> settlements) {
        return settlements.stream().mapToLong(BatchLimit::costOf).sum();
    }

    /** @return false if Kafka rejects every form, so that the settlement is blocked */
    private boolean putBack(Settlement settlement, Exception rejection, List<Settlement> next) {
        Settlement smaller = changed(settlement, settlement.afterRejection(rejection, outputRecords.ownTopics()));
        boolean waits = smaller.equals(settlement);
        // at WARN only if the request now ends otherwise: thousands of requests may be waiting
        log.atLevel(waits ? Level.DEBUG : Level.WARN)
                .addKeyValue("id", settlement.input().id())
                .addKeyValue("record", settlement.input())
                .addKeyValue("error", text(rejection))
                .log("Record of this request rejected by Kafka");
        (waits ? blocked : next).add(smaller);
        return !waits;
    }

    private void block(int requests, Exception cause) {
        blockedUntil = nanoTime.getAsLong() + BLOCKED_NANOS;
        log.atError()
                .addKeyValue("requests", requests)
                .addKeyValue("error", text(cause))
                .log("Requests wait because Kafka rejects their records in every form; check the rights to the"
                        + " queue's own topics and their settings");
    }

    private static String text(Exception rejection) {
        return AclErrors.words(rejection, AclErrors.Right.WRITE).orElseGet(rejection::toString);
    }
}
