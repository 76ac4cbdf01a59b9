package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.settle.AckRuns;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.TopicCheck;
import dev.sluice.worker.topics.TopicState;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Reads the status of a queue from Kafka. No worker needs to run. Not thread-safe. */
public final class StatusReader implements AutoCloseable {
    /** The time for which topics are taken to have the partitions and settings that they had. */
    private static final Duration STATES_LAST = Duration.ofSeconds(10);

    private final Admin admin;
    private final Topics topics;
    private final WorkerGroup group;
    private final PartitionScanner scanner;
    private final OldestOpenRecords oldest;
    private final DeadLetterBacklogs deadLetters;
    private final Clock clock = Clock.systemUTC();
    private Map<String, TopicState> states = Map.of();
    private long statesUntil;

    /**
     * Makes a reader that closes the admin client when it is closed.
     *
     * @param kafka the configuration for a consumer that reads the oldest open records and the dead letters
     */
    public StatusReader(Admin admin, Map<String, Object> kafka, Topics topics, String group) {
        this.admin = admin;
        this.topics = topics;
        this.group = new WorkerGroup(admin, group, topics);
        this.scanner = new PartitionScanner(kafka);
        this.oldest = new OldestOpenRecords(scanner, topics);
        this.deadLetters = new DeadLetterBacklogs(scanner, oldest);
    }

    /**
     * Reads the status.
     *
     * @throws CommandException if topics are missing, or the broker does not answer or rejects a request
     */
    public QueueStatus read() throws InterruptedException {
        Map<String, TopicState> topicsNow = topicStates();
        List<String> problems = new ArrayList<>(TopicCheck.of(topics, topicsNow).refusals());
        List<OpenRange> ranges = openRanges(topicsNow, problems);
        Map<TopicPartition, PartitionBacklog> backlogs = backlogs(ranges, problems);
        GroupStatus workers = group.status();
        int width = topics.bundleCount(topics.inputs().stream()
                .collect(Collectors.toMap(
                        topic -> topic, topic -> topicsNow.get(topic).partitions())));
        problems.addAll(problems(workers, width));
        List<TopicBacklog> inputs = topics.inputs().stream()
                .map(topic -> backlog(topic, topicsNow, backlogs))
                .toList();
        TopicBacklog overflow = backlog(topics.overflow(), topicsNow, backlogs);
        boolean isDrained = overflow.open() == 0
                && overflow.partitions().size()
                        == topicsNow.get(topics.overflow()).partitions();
        TopicBacklog dead = backlog(topics.dead(), topicsNow, backlogs);
        return new QueueStatus(topics.base(), clock.instant(), width, workers, inputs, isDrained, dead, problems);
    }

    private Map<TopicPartition, PartitionBacklog> backlogs(List<OpenRange> ranges, List<String> problems) {
        Map<Boolean, List<OpenRange>> byDead =
                ranges.stream().collect(Collectors.partitioningBy(range -> isDead(range.partition())));
        Map<TopicPartition, PartitionBacklog> backlogs =
                new HashMap<>(oldest.read(byDead.getOrDefault(false, List.of()), problems));
        backlogs.putAll(deadLetters.read(byDead.getOrDefault(true, List.of()), problems));
        return backlogs;
    }

    private boolean isDead(TopicPartition partition) {
        return partition.topic().equals(topics.dead());
    }

    private Map<String, TopicState> topicStates() throws InterruptedException {
        Map<String, TopicState> known = states;
        states = Map.of(); // until all of their partitions have answered once more
        if (known.isEmpty() || System.nanoTime() - statesUntil > 0) {
            known = readTopicStates();
            statesUntil = System.nanoTime() + STATES_LAST.toNanos();
        }
        return known;
    }

    private Map<String, TopicState> readTopicStates() throws InterruptedException {
        try {
            Map<String, TopicState> read = TopicState.read(admin, topics.required(), AdminTimeouts.FOREGROUND);
            TopicCheck.missing(topics, read).ifPresent(missing -> {
                throw new CommandException(missing);
            });
            return read;
        } catch (TopicState.UnreadableException e) {
            throw new CommandException(e.getMessage());
        }
    }

    /**
     * Reads the first offsets, then the committed ones, then the last ones. A request that is published or ends in
     * between makes the backlog larger and never negative. What workers have deleted in between is not taken for lost.
     */
    private List<OpenRange> openRanges(Map<String, TopicState> topicsNow, List<String> problems)
            throws InterruptedException {
        List<TopicPartition> partitions = partitions(topicsNow);
        var begins = offsets(partitions, OffsetSpec.earliest());
        Map<TopicPartition, Long> begin = AdminResults.offsets(begins, partitions, "the topics' first offsets");
        CommittedOffsets committed = group.committed();
        // The others have no leader, and would be waited for once more.
        List<TopicPartition> led =
                partitions.stream().filter(begin::containsKey).toList();
        var ends = offsets(led, OffsetSpec.latest());
        Map<TopicPartition, Long> end = AdminResults.offsets(ends, led, "the topics' last offsets");
        List<OpenRange> ranges = new ArrayList<>();
        Set<TopicPartition> away = new TreeSet<>(PartitionScanner.BY_NAME);
        for (TopicPartition partition : partitions) {
            Long first = begin.get(partition);
            Long last = end.get(partition);
            if (first == null || last == null) {
                away.add(partition);
            } else if (isDead(partition)) { // replays end letters, commits do not
                ranges.add(new OpenRange(partition, first, last, AckRuns.NONE));
            } else {
                ranges.add(committed.openRange(partition, first, last, problems));
            }
        }
        if (away.isEmpty()) {
            states = topicsNow;
        }
        notCounted(away).ifPresent(problems::add);
        return ranges;
    }

    private static Optional<String> notCounted(Set<TopicPartition> away) {
        return away.isEmpty()
                ? Optional.empty()
                : Optional.of("what waits in " + PartitionScanner.names(away)
                        + " is not counted: no leader has answered; look at the brokers that hold it");
    }

    /** Returns the partitions of the inputs and the dead letters. */
    private List<TopicPartition> partitions(Map<String, TopicState> topicsNow) {
        return topics.required().stream()
                .filter(topic -> !topic.equals(topics.replies()))
                .flatMap(topic -> IntStream.range(0, topicsNow.get(topic).partitions())
                        .mapToObj(partition -> new TopicPartition(topic, partition)))
                .toList();
    }

    /**
     * Reads first or last offsets, up to where workers can read. So a requeued request appears in its new topic at the
     * moment when its old offset is committed.
     */
    private ListOffsetsResult offsets(List<TopicPartition> partitions, OffsetSpec spec) {
        ListOffsetsOptions options =
                new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        Map<TopicPartition, OffsetSpec> asked =
                partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> spec));
        return admin.listOffsets(asked, options);
    }

    private TopicBacklog backlog(
            String topic, Map<String, TopicState> topicsNow, Map<TopicPartition, PartitionBacklog> backlogs) {
        String prefix = topics.requests() + ".";
        return new TopicBacklog(
                topic,
                topic.startsWith(prefix) ? topic.substring(prefix.length()) : "requests",
                topics.isFromProducers(topic),
                IntStream.range(0, topicsNow.get(topic).partitions())
                        .mapToObj(partition -> backlogs.get(new TopicPartition(topic, partition)))
                        .filter(Objects::nonNull)
                        .toList());
    }

    private static List<String> problems(GroupStatus workers, int width) {
        if (workers.state().equals(GroupStatus.NONE)) {
            return List.of("there is no consumer group '" + workers.name()
                    + "': no worker has run with it yet; start one with 'sluice worker', or name another with --group");
        }
        if (workers.members().isEmpty()) {
            return List.of("no worker runs in group '" + workers.name() + "'; start one with 'sluice worker'");
        }
        List<String> problems = new ArrayList<>();
        Set<Integer> ownerless = workers.ownerless(width);
        if (!ownerless.isEmpty()) {
            problems.add("no worker reads partitions " + ownerless + "; if that lasts, restart the workers");
        }
        workers.unread()
                .forEach((topic, members) -> problems.add("topic " + topic + " is not read by "
                        + String.join(", ", members) + ", of an earlier release; what lies there in their"
                        + " partitions waits until newer workers take their place"));
        return problems;
    }

    @Override
    public void close() {
        scanner.close();
        admin.close();
    }
}
