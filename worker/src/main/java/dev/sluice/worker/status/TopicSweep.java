package dev.sluice.worker.status;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads ranges of many partitions in steps, each from its end back. A step takes some part of a second, so that whoever
 * waits can be told how far it is, and can leave. Not thread-safe.
 */
final class TopicSweep {
    private static final int FIRST_STEP = 1_000;
    private static final int MIN_STEP = 50;
    private static final int MAX_STEP = 50_000;
    /** A step that took less is followed by a longer one, and one that took four times as long by a shorter one. */
    private static final Duration SHORT = Duration.ofMillis(500);

    private static final Duration STEP_TIME = Duration.ofSeconds(20);

    private final PartitionScanner scanner;
    private final Map<TopicPartition, Part> left = new TreeMap<>(PartitionScanner.BY_NAME);
    private final Set<String> problems = new HashSet<>();
    private int length = FIRST_STEP;
    private long all;

    TopicSweep(PartitionScanner scanner) {
        this.scanner = scanner;
    }

    /** Takes the records of one step of a partition. If that fails it is forgotten, and another one takes them anew. */
    interface Collector {
        void add(ConsumerRecord<byte[], byte[]> record);

        /** Ends the collection: the step is whole. */
        void keep();
    }

    /** The rest of one partition that is to be read. */
    private static final class Part {
        private final long begin;
        private long end;

        Part(long begin, long end) {
            this.begin = begin;
            this.end = end;
        }
    }

    /** Adds the offsets of a partition from {@code begin} to {@code end}, exclusive. */
    void add(TopicPartition partition, long begin, long end) {
        if (begin < end) {
            left.put(partition, new Part(begin, end));
            all += end - begin;
        }
    }

    /** Returns the number of offsets that were read or given up. */
    long done() {
        return all
                - left.values().stream()
                        .mapToLong(part -> part.end - part.begin)
                        .sum();
    }

    /** Returns the number of all offsets. */
    long all() {
        return all;
    }

    /** Returns what could not be read, a sentence each. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /**
     * Reads the end of what is left of each partition.
     *
     * @param collectors makes the collector of a partition
     * @return false if nothing was left
     */
    boolean step(Function<TopicPartition, Collector> collectors) {
        if (left.isEmpty()) {
            return false;
        }
        Map<TopicPartition, EndScan> scans = new HashMap<>();
        left.forEach((partition, part) ->
                scans.put(partition, new EndScan(part, length, () -> collectors.apply(partition))));
        long began = System.nanoTime();
        PartitionScanner.Unread unread = scanner.scan(scans, STEP_TIME);
        unread.failed().forEach((why, partitions) -> giveUp(partitions, why));
        if (length == MIN_STEP && !unread.late().isEmpty()) {
            giveUp(unread.late(), "not within " + STEP_TIME.toSeconds() + " s");
        }
        scans.forEach((partition, scan) -> {
            if (left.containsKey(partition) && !unread.late().contains(partition)) {
                scan.collector.keep();
                scan.part.end = scan.from;
                if (scan.from <= scan.part.begin) {
                    left.remove(partition);
                }
            }
        });
        adapt(System.nanoTime() - began);
        return true;
    }

    private void giveUp(Set<TopicPartition> partitions, String why) {
        problems.add(PartitionScanner.names(partitions) + " could not be read (" + why + ")");
        left.keySet().removeAll(partitions);
    }

    private void adapt(long took) {
        if (took < SHORT.toNanos()) {
            length = Math.min(MAX_STEP, 2 * length);
        } else if (took > 4 * SHORT.toNanos()) {
            length = Math.max(MIN_STEP, length / 2);
        }
    }

    /** The last records of a part. */
    private static final class EndScan implements PartitionScan {
        private final Part part;
        private final long from;
        private final Supplier<Collector> collectors;
        private Collector collector;

        EndScan(Part part, int length, Supplier<Collector> collectors) {
            this.part = part;
            this.from = Math.max(part.begin, part.end - length);
            this.collectors = collectors;
            this.collector = collectors.get();
        }

        @Override
        public long begin() {
            collector = collectors.get();
            return from;
        }

        @Override
        public void add(ConsumerRecord<byte[], byte[]> record) {
            if (record.offset() < part.end) {
                collector.add(record);
            }
        }

        @Override
        public boolean isDone(long position) {
            return position >= part.end;
        }
    }
}
