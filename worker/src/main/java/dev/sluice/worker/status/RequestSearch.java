package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.TopicState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * Finds the records of one request in the topics that workers read, among the replies and the dead letters. Kafka has
 * no index of ids, so all of it is read, from the ends back, since what a person asks for is recent. Its memory does
 * not grow with the topics. Not thread-safe.
 */
public final class RequestSearch implements AutoCloseable {
    /** The most records of one id that are kept: a producer may have given all of its requests the same one. */
    private static final int MAX_RECORDS = 100;

    private static final int FIRST_STEP = 1_000;
    private static final int MIN_STEP = 50;
    private static final int MAX_STEP = 50_000;
    /** A step that took less is followed by a longer one, and one that took four times as long by a shorter one. */
    private static final Duration SHORT = Duration.ofMillis(500);

    private static final Duration STEP_TIME = Duration.ofSeconds(20);

    /** An id that says when it was made is not looked for before that, but for wrong clocks. */
    private static final Duration CLOCK_ERROR = Duration.ofHours(1);

    private static final int UUID_TIME_VERSION = 7;

    private final Admin admin;
    private final Topics topics;
    private final WorkerGroup group;
    private final PartitionScanner scanner;

    /** Takes what was found so far. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Takes a step of the search.
         *
         * @param done the offsets that were read
         * @param all the number of offsets that will have been read at the end
         * @return false to end the search
         */
        boolean progressed(RequestTrace found, long done, long all);
    }

    /**
     * Makes a search that does not close the admin client.
     *
     * @param kafka the user's properties
     * @param group the consumer group of the workers, whose offsets tell what has ended
     */
    public RequestSearch(Admin admin, Map<String, Object> kafka, Topics topics, String group) {
        this.admin = admin;
        this.topics = topics;
        this.group = new WorkerGroup(admin, group, topics);
        this.scanner = new PartitionScanner(kafka);
    }

    /**
     * Searches all topics as they are now.
     *
     * @throws CommandException if the queue is not there, or the broker does not answer or rejects a request
     */
    public RequestTrace find(String id, Listener listener) throws InterruptedException {
        Search search = new Search(id);
        List<String> names = new ArrayList<>(topics.required());
        names.addAll(List.of(topics.doorReplies(), topics.batchReplies()));
        search.open(names);
        boolean goesOn = true;
        while (goesOn && search.step()) {
            goesOn = listener.progressed(search.trace(), search.done(), search.all);
        }
        return search.trace();
    }

    /** What is left of one partition, which becomes less from its end on. */
    private static final class Part {
        private final OpenRange range;
        private final long begin;
        private long end;

        Part(OpenRange range, long begin) {
            this.range = range;
            this.begin = begin;
            this.end = range.end();
        }
    }

    /** The state of one search. */
    private final class Search {
        private final String id;
        private final Map<TopicPartition, Part> left = new TreeMap<>(PartitionScanner.BY_NAME);
        private final Map<String, TracedRecord> found = new HashMap<>();
        private final Set<String> problems = new HashSet<>();
        private final Set<String> known = new HashSet<>();
        private boolean isCut;
        private int step = FIRST_STEP;
        private long all;

        Search(String id) {
            this.id = id;
        }

        RequestTrace trace() {
            return new RequestTrace(id, List.copyOf(found.values()), isCut, List.copyOf(problems));
        }

        long done() {
            return all
                    - left.values().stream()
                            .mapToLong(part -> part.end - part.begin)
                            .sum();
        }

        /** Adds the topics that exist. */
        void open(Collection<String> names) throws InterruptedException {
            known.addAll(names);
            List<TopicPartition> partitions = new ArrayList<>();
            states(names)
                    .forEach((name, state) -> IntStream.range(0, state.partitions())
                            .mapToObj(number -> new TopicPartition(name, number))
                            .forEach(partitions::add));
            Map<TopicPartition, Long> first = offsets(partitions, OffsetSpec.earliest());
            Map<TopicPartition, Long> begins = earliest().isPresent()
                    ? offsets(
                            partitions, OffsetSpec.forTimestamp(earliest().get().toEpochMilli()))
                    : first;
            CommittedOffsets committed = group.committed();
            offsets(partitions, OffsetSpec.latest()).forEach((partition, end) -> {
                long start = first.getOrDefault(partition, 0L);
                // -1 where nothing was written since that time
                long begin = begins.getOrDefault(partition, 0L) < 0 ? end : begins.getOrDefault(partition, 0L);
                if (begin < end) {
                    // problems of the whole queue are not this request's
                    OpenRange range = committed.openRange(partition, start, end, new ArrayList<>());
                    Part part = new Part(range, Math.max(start, begin));
                    left.put(partition, part);
                    all += part.end - part.begin;
                }
            });
        }

        private Map<String, TopicState> states(Collection<String> names) throws InterruptedException {
            try {
                return TopicState.read(admin, names, AdminTimeouts.FOREGROUND);
            } catch (TopicState.UnreadableException e) {
                throw new CommandException(e.getMessage());
            }
        }

        private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec spec)
                throws InterruptedException {
            Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
            partitions.forEach(partition -> asked.put(partition, spec));
            ListOffsetsOptions options =
                    new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
            return AdminResults.offsets(admin.listOffsets(asked, options), partitions, "the topics' offsets");
        }

        /** Returns the time before which the request cannot have been published, if its id says so. */
        private Optional<Instant> earliest() {
            try {
                UUID uuid = UUID.fromString(id);
                return uuid.version() == UUID_TIME_VERSION
                        ? Optional.of(Instant.ofEpochMilli(uuid.getMostSignificantBits() >>> 16)
                                .minus(CLOCK_ERROR))
                        : Optional.empty();
            } catch (IllegalArgumentException notAUuid) {
                return Optional.empty();
            }
        }

        /** Reads the end of what is left of each partition. Returns false if nothing was left. */
        boolean step() throws InterruptedException {
            if (left.isEmpty()) {
                return false;
            }
            Map<TopicPartition, EndScan> scans = new HashMap<>();
            left.forEach((partition, part) -> scans.put(partition, new EndScan(part, step)));
            long began = System.nanoTime();
            PartitionScanner.Unread unread = scanner.scan(scans, STEP_TIME);
            take(scans, unread);
            long took = System.nanoTime() - began;
            if (took < SHORT.toNanos()) {
                step = Math.min(MAX_STEP, 2 * step);
            } else if (took > 4 * SHORT.toNanos()) {
                step = Math.max(MIN_STEP, step / 2);
            }
            openReplyTopics();
            return true;
        }

        private void take(Map<TopicPartition, EndScan> scans, PartitionScanner.Unread unread) {
            unread.failed().forEach((why, partitions) -> giveUp(partitions, why));
            if (step == MIN_STEP && !unread.late().isEmpty()) {
                giveUp(unread.late(), "not within " + STEP_TIME.toSeconds() + " s");
            }
            scans.forEach((partition, scan) -> {
                scan.found.forEach(record -> add(record, scan.part.range.isOpen(record.offset())));
                isCut |= scan.isCut;
                Part part = left.get(partition);
                if (part != null && !unread.late().contains(partition)) {
                    part.end = scan.from;
                    if (part.end <= part.begin) {
                        left.remove(partition);
                    }
                }
            });
        }

        private void giveUp(Set<TopicPartition> partitions, String why) {
            problems.add(PartitionScanner.names(partitions) + " could not be read (" + why + ")");
            left.keySet().removeAll(partitions);
        }

        private void add(ConsumerRecord<byte[], byte[]> record, boolean isOpen) {
            boolean isInput = topics.inputs().contains(record.topic());
            TracedRecord.Kind kind = isInput
                    ? TracedRecord.Kind.REQUEST
                    : record.topic().equals(topics.dead()) ? TracedRecord.Kind.DEAD_LETTER : TracedRecord.Kind.REPLY;
            TracedRecord traced = TracedRecord.of(record, kind, isInput && isOpen);
            if (found.size() < MAX_RECORDS) {
                found.put(traced.position(), traced);
            } else {
                isCut |= !found.containsKey(traced.position());
            }
        }

        /** Searches the topics as well to which this request is to be answered. */
        private void openReplyTopics() throws InterruptedException {
            Set<String> named = new HashSet<>();
            found.values()
                    .forEach(record -> record.header(WireHeaders.REPLY_TOPIC)
                            .filter(name -> !known.contains(name) && name.matches("[a-zA-Z0-9._-]{1,249}"))
                            .ifPresent(named::add));
            if (!named.isEmpty()) {
                open(named);
            }
        }

        /** The last records of a part. */
        private final class EndScan implements PartitionScan {
            private final Part part;
            private final long from;
            private final List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
            private boolean isCut;

            EndScan(Part part, int length) {
                this.part = part;
                this.from = Math.max(part.begin, part.end - length);
            }

            @Override
            public long begin() {
                found.clear();
                isCut = false;
                return from;
            }

            @Override
            public void add(ConsumerRecord<byte[], byte[]> record) {
                if (record.offset() < part.end && TracedRecord.id(record).equals(id)) {
                    if (found.size() < MAX_RECORDS) {
                        found.add(record);
                    } else {
                        isCut = true;
                    }
                }
            }

            @Override
            public boolean isDone(long position) {
                return position >= part.end;
            }
        }
    }

    @Override
    public void close() {
        scanner.close();
    }
}
