package dev.sluice.worker.intake;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Counts the records in memory, and tells which more may be read. A record counts from when it is read until it is
 * committed or its partition is gone.
 *
 * <p>Each {@link TrafficClass} has a bound of its own. Within a class the backlogs share what there is: one may have as
 * much as is left free, so that a single one has half, two have a third each, and there is always as much room for one
 * that comes later (dynamic thresholds, Choudhury and Hahne, 1998). Records that wait until they are due are shared in
 * the same way. An eighth comes to it for models that have little, so that one that is held keeps no other out, however
 * many tenants it has. Records that go straight back to Kafka are bounded together.
 *
 * <p>Thread-safe. The poll thread adds records, and the settle thread removes them.
 */
final class ReadAhead {
    /** The divisor for the part of what new requests may take that each other class may take in addition. */
    private static final int OTHER_CLASSES_PART = 4;

    /** The divisor for the part of what new requests may take that records on their way to another topic may take. */
    private static final int LEAVING_PART = 2;

    /** The divisor for the part of a pool that comes to it for models that have little. */
    private static final int RESERVE_PART = 8;

    /** The divisor for the part of a pool below which a backlog has little. A lane tells as many flows apart. */
    private static final long SLIGHT_PART = 256;

    /** The divisor for the part of the new requests that is enough for a while. */
    private static final long ENOUGH_PART = 4;

    /** The records that each pool has at least. With one alone nobody would find room beside another. */
    private static final int LEAST_RECORDS = 2;

    private static final Use NOTHING = new Use();

    private final LongSupplier answerBytes;
    private final long readyBytes;
    private final Map<TrafficClass, PoolUse> classes = new EnumMap<>(TrafficClass.class);
    /** The records that wait until they are due. */
    private final PoolUse notDue;

    /** The records that are not called, since they move to another topic or end. */
    private final PoolUse leaving;

    private final IdentityHashMap<InputRecord, Entry> entries = new IdentityHashMap<>();

    /** The place where a record counts. */
    private record Entry(Backlog backlog, PoolUse pool) {}

    private static final class Use {
        private int records;
        private long bytes;

        void add(int more, long moreBytes) {
            records += more;
            bytes += moreBytes;
        }
    }

    /** The content of a pool, in all and of each backlog. */
    private final class PoolUse {
        private final long maxRecords;
        private final long maxBytes;
        private final Use all = new Use();
        private final Map<Backlog, Use> byBacklog = new HashMap<>();
        private final Map<String, Use> byModel = new HashMap<>();

        PoolUse(long maxRecords, long maxBytes) {
            this.maxRecords = Math.max(LEAST_RECORDS, maxRecords);
            this.maxBytes = Math.max(1, maxBytes);
        }

        void add(Backlog backlog, int records, long bytes) {
            all.add(records, bytes);
            add(byBacklog, backlog, records, bytes);
            add(byModel, backlog.model(), records, bytes);
        }

        private <K> void add(Map<K, Use> uses, K key, int records, long bytes) {
            Use use = uses.computeIfAbsent(key, absent -> new Use());
            use.add(records, bytes);
            if (use.records == 0) {
                uses.remove(key);
            }
        }

        boolean isFull() {
            return all.records >= maxRecords || allowedBytes() <= all.bytes;
        }

        boolean hasEnough() {
            return ENOUGH_PART * all.records >= maxRecords || ENOUGH_PART * all.bytes >= allowedBytes();
        }

        boolean isFullForAll() {
            return isFull() && (reserveRecords() <= 0 || reserveBytes() <= 0);
        }

        private long allowedBytes() {
            // Answers take the same part of each pool, so that none is full for their sake while another is read.
            return maxBytes - (long) (answerBytes.getAsLong() * ((double) maxBytes / readyBytes));
        }

        private long reserveRecords() {
            long reserve = maxRecords / RESERVE_PART;
            return Math.min(reserve, maxRecords + reserve - all.records);
        }

        private long reserveBytes() {
            long reserve = allowedBytes() / RESERVE_PART;
            return Math.min(reserve, allowedBytes() + reserve - all.bytes);
        }

        /**
         * Returns true if {@code times} as much of this backlog would still be no more than what is free. If nothing
         * is, the reserve is free to models that have little.
         */
        boolean hasRoom(Backlog backlog, int times) {
            return hasRoom(backlog, times, isFull());
        }

        private boolean hasRoom(Backlog backlog, int times, boolean isFull) {
            Use use = byBacklog.getOrDefault(backlog, NOTHING);
            return isFull
                    ? hasReserve(backlog.model()) && isLess(use, times, reserveRecords(), reserveBytes())
                    : isLess(use, times, maxRecords - all.records, allowedBytes() - all.bytes);
        }

        private boolean hasReserve(String model) {
            return isLess(byModel.getOrDefault(model, NOTHING), 1, reserveRecords(), reserveBytes());
        }

        /** Returns true if one of these backlogs that passes the test has room for as much again. */
        boolean isAnyShort(Collection<Backlog> backlogs, Predicate<Backlog> test) {
            boolean isFull = isFull();
            // Most of the time the pool is full, and nobody of its one model is short, however many backlogs there are.
            String withoutReserve = null;
            for (Backlog each : backlogs) {
                if (each.model().equals(withoutReserve)) {
                    continue;
                }
                if (isFull && !hasReserve(each.model())) {
                    withoutReserve = each.model();
                } else if (hasRoom(each, 2, isFull) && test.test(each)) {
                    return true;
                }
            }
            return false;
        }

        private static boolean isLess(Use use, int times, long records, long bytes) {
            return (long) times * use.records < records && times * use.bytes < bytes;
        }

        boolean isSlight(Backlog backlog) {
            Use use = byBacklog.getOrDefault(backlog, NOTHING);
            return SLIGHT_PART * use.records < maxRecords && SLIGHT_PART * use.bytes < maxBytes;
        }

        /** Returns true if this backlog alone leaves a quarter of the pool to others. */
        boolean leavesRoom(Backlog backlog) {
            Use use = byBacklog.getOrDefault(backlog, NOTHING);
            return !isFull() && 4L * (use.records + 1) <= 3 * maxRecords && 4 * use.bytes < 3 * maxBytes;
        }
    }

    /** @param answerBytes returns the bytes of the answers that wait for their commit */
    ReadAhead(Intake.Bounds bounds, LongSupplier answerBytes) {
        this.answerBytes = answerBytes;
        this.readyBytes = Math.max(1, bounds.readyBytes());
        for (TrafficClass each : TrafficClass.values()) {
            int part = each == TrafficClass.REQUESTS ? 1 : OTHER_CLASSES_PART;
            classes.put(each, part(bounds, part));
        }
        this.notDue = new PoolUse(bounds.delayedRecords(), bounds.readyBytes());
        this.leaving = part(bounds, LEAVING_PART);
    }

    private PoolUse part(Intake.Bounds bounds, int divisor) {
        return new PoolUse(
                (bounds.readyRecords() + divisor - 1) / divisor, (bounds.readyBytes() + divisor - 1) / divisor);
    }

    /** Counts a record that is due among those of its class. */
    synchronized void ready(InputRecord input, Backlog backlog) {
        put(input, backlog, of(input.assignment().trafficClass()));
    }

    /** Counts a record as one that waits until it is due. */
    synchronized void notDue(InputRecord input, Backlog backlog) {
        put(input, backlog, notDue);
    }

    /** Counts a record as one that is not called, since it moves to another topic or ends. */
    synchronized void leaving(InputRecord input, Backlog backlog) {
        put(input, backlog, leaving);
    }

    private void put(InputRecord input, Backlog backlog, PoolUse pool) {
        remove(input);
        entries.put(input, new Entry(backlog, pool));
        pool.add(backlog, 1, input.weight());
    }

    /** Counts a record no more. Does nothing for one that does not count. */
    synchronized void remove(InputRecord input) {
        Entry entry = entries.remove(input);
        if (entry != null) {
            entry.pool().add(entry.backlog(), -1, -input.weight());
        }
    }

    /** Returns true if no record counts. */
    synchronized boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Returns true if a class has as many records that are due as it may have. */
    synchronized boolean isFull(TrafficClass trafficClass) {
        return of(trafficClass).isFull();
    }

    /** Returns true if a class has as many records that are due as it may have, those of other models included. */
    synchronized boolean isFullForAll(TrafficClass trafficClass) {
        return of(trafficClass).isFullForAll();
    }

    /** Returns true if a quarter of the new requests that may be in memory is there, so that none have to come soon. */
    synchronized boolean hasEnough() {
        return of(TrafficClass.REQUESTS).hasEnough();
    }

    /** Returns true if as many records go back to Kafka as may. */
    synchronized boolean isLeavingFull() {
        return leaving.isFull();
    }

    /** Returns true if more of a backlog may be read. */
    synchronized boolean hasRoom(TrafficClass trafficClass, Backlog backlog) {
        return of(trafficClass).hasRoom(backlog, 1);
    }

    /**
     * Returns true if one of these backlogs has less than half of what it may have, so that others may be moved for its
     * sake.
     *
     * @param test what such a backlog must pass as well
     */
    synchronized boolean isAnyShort(TrafficClass trafficClass, Collection<Backlog> backlogs, Predicate<Backlog> test) {
        return of(trafficClass).isAnyShort(backlogs, test);
    }

    /** Returns true if a backlog has so little that others gain nothing if it makes room. */
    synchronized boolean isSlight(TrafficClass trafficClass, Backlog backlog) {
        return of(trafficClass).isSlight(backlog);
    }

    /**
     * Returns true if a record of a backlog may be kept though the backlog has its part, since it has been fetched
     * already and nobody else needs the room now.
     */
    synchronized boolean toleratesMore(TrafficClass trafficClass, Backlog backlog) {
        return of(trafficClass).leavesRoom(backlog);
    }

    /** Returns true if another record of a backlog may wait until it is due. */
    synchronized boolean hasRoomUntilDue(Backlog backlog) {
        return notDue.hasRoom(backlog, 1);
    }

    private PoolUse of(TrafficClass trafficClass) {
        return Objects.requireNonNull(classes.get(trafficClass));
    }
}
