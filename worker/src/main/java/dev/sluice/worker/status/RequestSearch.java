package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.text.CommandException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Finds the records of one request in the topics that workers read, among the replies and the dead letters. Kafka has
 * no index of ids, so all of it is read, from the ends back, since what a person asks for is recent. Its memory does
 * not grow with the topics. Not thread-safe.
 */
public final class RequestSearch implements AutoCloseable {
    /** The most records of one id that are kept: a producer may have given all of its requests the same one. */
    private static final int MAX_RECORDS = 100;

    /** An id that says when it was made is not looked for before that, but for wrong clocks. */
    private static final Duration CLOCK_ERROR = Duration.ofHours(1);

    private static final int UUID_TIME_VERSION = 7;

    private final Topics topics;
    private final OpenRanges openRanges;
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
        this.topics = topics;
        this.openRanges = new OpenRanges(admin, new WorkerGroup(admin, group, topics));
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
            goesOn = listener.progressed(search.trace(), search.sweep.done(), search.sweep.all());
        }
        return search.trace();
    }

    /** The state of one search. */
    private final class Search {
        private final String id;
        private final TopicSweep sweep = new TopicSweep(scanner);
        private final Map<TopicPartition, OpenRange> ranges = new HashMap<>();
        private final Map<String, TracedRecord> found = new HashMap<>();
        private final Set<String> known = new HashSet<>();
        private boolean isCut;

        Search(String id) {
            this.id = id;
        }

        RequestTrace trace() {
            return new RequestTrace(id, List.copyOf(found.values()), isCut, sweep.problems());
        }

        /** Adds the topics that exist. */
        void open(Collection<String> names) throws InterruptedException {
            known.addAll(names);
            Map<TopicPartition, OpenRange> opened = openRanges.of(names);
            ranges.putAll(opened);
            OffsetSpec from = earliest()
                    .map(time -> OffsetSpec.forTimestamp(time.toEpochMilli()))
                    .orElse(OffsetSpec.earliest());
            openRanges.offsets(opened.keySet(), from).forEach((partition, begin) -> {
                long end = Objects.requireNonNull(opened.get(partition)).end();
                sweep.add(partition, begin < 0 ? end : begin, end); // below 0 where nothing was written since
            });
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

        boolean step() throws InterruptedException {
            boolean wasLeft = sweep.step(Matches::new);
            openReplyTopics();
            return wasLeft;
        }

        /** The records of one step of a partition that have the id. */
        private final class Matches implements TopicSweep.Collector {
            private final OpenRange range;
            private final List<TracedRecord> matches = new ArrayList<>();
            private boolean areCut;

            Matches(TopicPartition partition) {
                this.range = Objects.requireNonNull(ranges.get(partition));
            }

            @Override
            public void add(ConsumerRecord<byte[], byte[]> record) {
                if (TracedRecord.id(record).equals(id)) {
                    if (matches.size() < MAX_RECORDS) {
                        matches.add(traced(record, range.isOpen(record.offset())));
                    } else {
                        areCut = true;
                    }
                }
            }

            @Override
            public void keep() {
                isCut |= areCut;
                for (TracedRecord match : matches) {
                    if (found.size() < MAX_RECORDS) {
                        found.put(match.position(), match);
                    } else {
                        isCut = true;
                    }
                }
            }
        }

        private TracedRecord traced(ConsumerRecord<byte[], byte[]> record, boolean isOpen) {
            boolean isInput = topics.inputs().contains(record.topic());
            TracedRecord.Kind kind = isInput
                    ? TracedRecord.Kind.REQUEST
                    : record.topic().equals(topics.dead()) ? TracedRecord.Kind.DEAD_LETTER : TracedRecord.Kind.REPLY;
            return TracedRecord.of(record, kind, isInput && isOpen);
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
    }

    @Override
    public void close() {
        scanner.close();
    }
}
