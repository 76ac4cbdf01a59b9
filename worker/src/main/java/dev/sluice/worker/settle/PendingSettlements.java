package dev.sluice.worker.settle;

import dev.sluice.wire.Reason;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The outcomes that are not committed yet, and which of them go into the next transaction. One that cannot go holds up no
 * other: neither while its reply topic is being looked up or cannot be written to, nor where Kafka takes it in no form.
 * Owned by the settle thread, but for {@link #count} and {@link #answerBytes}.
 */
final class PendingSettlements {
    private static final int MAX_SETTLEMENTS = 1_000;
    private static final long MAX_BYTES = 16L << 20;
    private static final long ASIDE_NANOS = Duration.ofSeconds(10).toNanos();

    private static final Logger log = LoggerFactory.getLogger(PendingSettlements.class);

    private final ReplyRoutes routes;
    private final OutputRecords publications;
    private final LongSupplier nanoTime;
    private List<Settlement> pending = new ArrayList<>();
    /** What Kafka takes in no form, since our own topics cannot be written to; tried again after a while. */
    private final List<Settlement> aside = new ArrayList<>();

    /** What others' reply topics do not take for the moment. */
    private final UnavailableReplyPartitions unwritable;

    private long asideUntil;
    /** Of all that were counted, be they on their way here, here or in a transaction, in the form they have now. */
    private final AtomicLong answerBytes = new AtomicLong();

    /** A settlement in the form it goes, and what it puts on Kafka. */
    record Routed(Settlement settlement, List<ProducerRecord<byte[], byte[]>> records) {}

    PendingSettlements(ReplyRoutes routes, OutputRecords publications, LongSupplier nanoTime) {
        this.routes = routes;
        this.publications = publications;
        this.nanoTime = nanoTime;
        this.unwritable = new UnavailableReplyPartitions(publications.own(), nanoTime);
        this.asideUntil = nanoTime.getAsLong();
    }

    /** Counts an answer from when it is handed over: it is added later. Any thread. */
    void count(Settlement settlement) {
        answerBytes.addAndGet(settlement.answerBytes());
    }

    /** What the answers take that are counted and neither committed nor dropped. Any thread. */
    long answerBytes() {
        return answerBytes.get();
    }

    /** @param settlement counted before */
    void add(Settlement settlement) {
        pending.add(settlement);
    }

    /**
     * Whether there is anything a flush has to wait for. What is held for a partition that cannot be written to is not: it
     * would hold up the whole group, at each rebalance, for a reply that is not to be expected soon.
     */
    boolean isWaitedFor() {
        return !pending.isEmpty() || !aside.isEmpty() || unwritable.isUndecided();
    }

    /** How many replies wait for a partition that cannot be written to. */
    int unwritable() {
        return unwritable.size();
    }

    /** Drops what belongs to somebody else by now. */
    void keep(Ownership owned) {
        Predicate<Settlement> goes = settlement -> {
            boolean stale = !owned.holds(settlement.envelope().assignment());
            if (stale) {
                release(settlement);
            }
            return stale;
        };
        pending.removeIf(goes);
        aside.removeIf(goes);
        unwritable.removeIf(goes);
    }

    /** What was taken is on Kafka. */
    void committed(List<Settlement> settlements) {
        settlements.forEach(this::release);
        pending.addAll(0, unwritable.released());
    }

    private void release(Settlement settlement) {
        answerBytes.addAndGet(-settlement.answerBytes());
    }

    /** The same request goes in another form from now on. */
    private Settlement changed(Settlement from, Settlement to) {
        answerBytes.addAndGet(to.answerBytes() - from.answerBytes());
        return to;
    }

    /** Takes out what goes into one transaction: at least one that can go, however large it is. */
    List<Routed> take() {
        if (nanoTime.getAsLong() - asideUntil >= 0) {
            pending.addAll(aside);
            aside.clear();
        }
        List<Routed> trial = unwritable.trial((settlement, partition) -> route(settlement)
                .map(route -> routed(settlement, UnavailableReplyPartitions.tried(settlement, route, partition))));
        return trial.isEmpty() ? takePending() : trial;
    }

    private List<Routed> takePending() {
        List<Routed> taken = new ArrayList<>();
        List<Settlement> others = new ArrayList<>();
        long bytes = 0;
        for (Settlement settlement : pending) {
            boolean full = taken.size() == MAX_SETTLEMENTS || bytes >= MAX_BYTES;
            Optional<ReplyRoute> route = full ? Optional.empty() : route(settlement);
            if (route.isEmpty()) {
                others.add(settlement);
                continue;
            }
            Optional<ReplyRoute> open = unwritable.pass(settlement, route.get());
            open.ifPresent(to -> taken.add(routed(settlement, to)));
            bytes += open.isPresent() ? settlement.weight() : 0;
        }
        pending = others;
        return taken;
    }

    /** Empty while it is not known. */
    private Optional<ReplyRoute> route(Settlement settlement) {
        return routes.of(settlement, TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong()));
    }

    /** A dead letter where the reply cannot go where it is wanted. */
    private Routed routed(Settlement settlement, ReplyRoute route) {
        Settlement routed = route.problem() != null && settlement.outcome() instanceof Outcome.Reply
                ? changed(settlement, refused(settlement, route.problem()))
                : settlement;
        return new Routed(routed, publications.of(routed, route));
    }

    private static Settlement refused(Settlement settlement, String problem) {
        return settlement.dead(Reason.REPLY_TOPIC_REFUSED, problem, Settlement.Form.OWN_REPLY_TOPIC);
    }

    /**
     * Takes back what was aborted.
     *
     * @return whether what is taken next differs, so that it is worth trying at once
     */
    boolean putBack(List<Settlement> aborted, TransactionResult result) {
        Map<Integer, Exception> culprits = result.culprits();
        Map<Integer, TopicPartition> held = unwritable.aborted(aborted, result.undelivered());
        if (culprits.isEmpty()) {
            routes.forget();
        }
        List<Settlement> next = new ArrayList<>();
        int before = aside.size();
        Exception cause = null;
        for (int i = 0; i < aborted.size(); i++) {
            Settlement settlement = aborted.get(i);
            Exception refusal = culprits.get(i);
            TopicPartition closed = held.get(i);
            if (refusal == null && closed != null) {
                unwritable.hold(closed, settlement);
            } else if (refusal == null) {
                next.add(settlement);
            } else if (!putBack(settlement, refusal, next)) {
                cause = refusal;
            }
        }
        pending.addAll(0, next);
        pending.addAll(unwritable.released());
        if (cause != null) {
            asideUntil = nanoTime.getAsLong() + ASIDE_NANOS;
            log.atError()
                    .addKeyValue("requests", aside.size() - before)
                    .addKeyValue("error", words(cause))
                    .log("Kafka takes no record of these requests in any form, so that they wait: look at the rights to"
                            + " our own topics, and at their settings");
        }
        return !culprits.isEmpty() || !held.isEmpty();
    }

    /**
     * A line for each that ends otherwise than it would have; of those that only wait there may be thousands.
     *
     * @return false where it is put aside
     */
    private boolean putBack(Settlement settlement, Exception refusal, List<Settlement> next) {
        Settlement lesser = changed(settlement, settlement.afterRefusal(refusal, publications.own()));
        boolean waits = lesser.equals(settlement);
        log.atLevel(waits ? Level.DEBUG : Level.WARN)
                .addKeyValue("id", settlement.envelope().id())
                .addKeyValue("record", settlement.envelope())
                .addKeyValue("error", words(refusal))
                .log("Kafka takes no record of this request as it is");
        (waits ? aside : next).add(lesser);
        return !waits;
    }

    private static String words(Exception refusal) {
        return AclErrors.words(refusal, AclErrors.Right.WRITE).orElseGet(refusal::toString);
    }
}
