package dev.sluice.worker.status;

import dev.sluice.worker.deadletters.DeadLetterTally;
import dev.sluice.worker.text.Durations;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Counts the dead letters that were not replayed. Each letter has to be read for that, and there may be millions. So
 * the time is bounded by {@link #TIMEOUT}. What was not read by then is counted by offsets, and read by the next call.
 * Not thread-safe.
 */
final class DeadLetterBacklogs {
    /** The longest time that is spent on letters for one status, because a person waits for it. */
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final PartitionScanner scanner;
    private final OldestOpenRecords oldest;
    /** The letters of each partition that have been read, by this call and those before. */
    private final Map<TopicPartition, DeadLetterTally> tallies = new HashMap<>();

    DeadLetterBacklogs(PartitionScanner scanner, OldestOpenRecords oldest) {
        this.scanner = scanner;
        this.oldest = oldest;
    }

    /** The letters of one partition below the end that it had when the status was asked for. */
    private static final class Scan implements PartitionScan {
        private final OpenRange range;
        private final DeadLetterTally tally;

        Scan(OpenRange range, DeadLetterTally tally) {
            this.range = range;
            this.tally = tally;
        }

        @Override
        public long begin() {
            return tally.next();
        }

        @Override
        public void add(ConsumerRecord<byte[], byte[]> record) {
            if (record.offset() < range.end()) {
                tally.add(record);
            }
        }

        @Override
        public boolean isDone(long position) {
            tally.skipTo(Math.min(position, range.end()));
            return isExact();
        }

        boolean isExact() {
            return tally.next() >= range.end();
        }

        /** Returns the range that begins at the first letter that was found. */
        OpenRange found() {
            return new OpenRange(range.partition(), tally.first().orElse(range.end()), range.end(), range.done());
        }

        PartitionBacklog backlog(OptionalLong since) {
            long open = tally.letters() + range.end() - tally.next();
            return new PartitionBacklog(range.partition().partition(), range.lag(), 0, open, isExact(), since);
        }
    }

    /**
     * Returns the dead letters of each partition.
     *
     * @param ranges all that is left of each partition
     * @param problems takes a sentence if something could not be read
     */
    Map<TopicPartition, PartitionBacklog> read(Collection<OpenRange> ranges, List<String> problems) {
        Map<TopicPartition, Scan> scans = new HashMap<>();
        ranges.forEach(range -> scans.put(range.partition(), new Scan(range, tally(range))));
        report(scanner.scan(unread(scans), TIMEOUT), scans, problems);
        List<OpenRange> found = scans.values().stream().map(Scan::found).toList();
        Map<TopicPartition, PartitionBacklog> backlogs = oldest.read(found, problems);
        backlogs.replaceAll((partition, head) -> scans.get(partition).backlog(head.oldest()));
        return backlogs;
    }

    /** Returns the tally of what is left of a partition. It is a new one if the log was cut or made anew. */
    private DeadLetterTally tally(OpenRange range) {
        DeadLetterTally tally = tallies.compute(
                range.partition(),
                (partition, known) -> known != null && known.isOf(range.start(), range.end())
                        ? known
                        : new DeadLetterTally(range.start()));
        tally.forgetBefore(range.start());
        return tally;
    }

    private static Map<TopicPartition, Scan> unread(Map<TopicPartition, Scan> scans) {
        Map<TopicPartition, Scan> unread = new HashMap<>(scans);
        unread.values().removeIf(Scan::isExact);
        return unread;
    }

    /** Reports what could not be read. A partition that only has too many letters is counted by offsets. */
    private static void report(PartitionScanner.Unread unread, Map<TopicPartition, Scan> scans, List<String> problems) {
        Map<String, Set<TopicPartition>> reasons = new TreeMap<>(unread.failed());
        Set<TopicPartition> silent = new TreeSet<>(PartitionScanner.BY_NAME);
        unread.late().stream()
                .filter(partition -> scans.get(partition).tally.first().isEmpty())
                .forEach(silent::add);
        if (!silent.isEmpty()) {
            reasons.put("not within " + Durations.format(TIMEOUT), silent);
        }
        reasons.forEach((why, partitions) -> problems.add("the dead letters of " + PartitionScanner.names(partitions)
                + " could not be counted (" + why + "); there may be fewer than shown"));
    }
}
