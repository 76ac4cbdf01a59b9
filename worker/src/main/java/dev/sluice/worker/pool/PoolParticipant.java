package dev.sluice.worker.pool;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Decides what one worker tells the others, and what it may spend by what they tell. It does arithmetic only. Owned by
 * one thread.
 *
 * <p>A worker goes by what it reads back. What is lent to it holds for some time after it <em>sent</em> the last of its
 * own reports that it has read. All that others had written before is read by then. The others believe that report for
 * longer. So a worker that is cut off, paused, or lags behind returns what was lent before anybody counts on it,
 * whatever their clocks say.
 */
public final class PoolParticipant {
    private static final long LEASE_NANOS = Duration.ofMillis(2_500).toNanos();

    /** The reports that are remembered until they are read back. Older ones are of no use any more. */
    private static final int MAX_SENT = 64;

    private final String name;
    private final Instant started;
    private final PoolView view = new PoolView();
    private final PilotElection election = new PilotElection();
    private final ReportSchedule schedule = new ReportSchedule();
    /** The times at which the worker's latest reports were sent, by their numbers. */
    private final Map<Long, Long> sent = new LinkedHashMap<>();

    private long sequence;
    private long nanosToNext;
    private long leaseUntil;
    private boolean hasLease;

    /**
     * @param name the worker's name, which no other worker of the queue has
     * @param started when this worker was started; an earlier one may have had its name
     */
    public PoolParticipant(String name, Instant started) {
        this.name = name;
        this.started = started;
    }

    /**
     * Returns the report to write now, if one is due.
     *
     * @param pace what there is to tell, without a number and without terms
     * @param now a monotonic time in nanoseconds
     */
    public Optional<WorkerReport> next(WorkerReport pace, long now) {
        leaveIfUnknowing(now);
        WorkerReport report = election.complete(pace);
        nanosToNext = schedule.nanosUntil(report, now);
        if (nanosToNext > 0) {
            return Optional.empty();
        }
        sequence++;
        schedule.wrote(report, now);
        sent.put(sequence, now);
        sent.keySet().removeIf(number -> number <= sequence - MAX_SENT);
        return Optional.of(report.numbered(sequence));
    }

    /** Returns the nanoseconds after the last {@link #next} from which the same report would be due; 0 if it was. */
    public long nanosToNext() {
        return nanosToNext;
    }

    /** Takes over a record of the topic. */
    public void read(ConsumerRecord<byte[], byte[]> record, long now) {
        Optional<WorkerReport> report = view.read(record, now);
        boolean isOwn = report.isPresent()
                && report.get().started().equals(started)
                && name.equals(new String(record.key(), StandardCharsets.UTF_8));
        Long sentAt = isOwn ? sent.get(report.get().sequence()) : null;
        if (sentAt != null) {
            leaseUntil = sentAt + LEASE_NANOS;
            hasLease = true;
        }
    }

    /** Returns whether the reports of others are known to be up to date. */
    boolean knowsOthers(long now) {
        return hasLease && leaseUntil - now > 0;
    }

    private void leaveIfUnknowing(long now) {
        if (!knowsOthers(now)) {
            election.leave();
        }
    }

    /** Returns the reports of the other workers that are alive. */
    Map<String, WorkerReport> others(long now) {
        Map<String, WorkerReport> others = view.alive(now);
        others.remove(name);
        return others;
    }

    /** Returns what may be spent at present; empty while the worker does not know the others. */
    public Optional<LentShares> shares(long now) {
        leaveIfUnknowing(now);
        if (!knowsOthers(now)) {
            return Optional.empty();
        }
        List<PoolView.KnownWorker> alive = view.all(now);
        int silent = view.silentBundles(now);
        long millis = view.latestMillis();
        OptionalInt own = IntStream.range(0, alive.size())
                .filter(i -> isOwn(alive.get(i)))
                .findAny();
        if (own.isEmpty()) {
            return Optional.of(new LentShares(Map.of(), Map.of(), leaseUntil));
        }
        int place = own.getAsInt();
        election.stand(alive, place, now);
        return Optional.of(new LentShares(
                DemandShares.of(alive, place, silent, millis),
                DemandShares.ofGroups(alive, place, silent, millis),
                leaseUntil));
    }

    private boolean isOwn(PoolView.KnownWorker worker) {
        return worker.name().equals(name) && worker.report().started().equals(started);
    }
}
