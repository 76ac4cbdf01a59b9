package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.TopicCheck;
import dev.sluice.worker.topics.TopicState;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

/** Asks Kafka how a queue is; no worker needs to run. Not thread-safe. */
public final class StatusReader implements AutoCloseable {
    private final Admin admin;
    private final Topics topics;
    private final WorkerGroup group;
    private final OldestOpenRecords heads;
    private final Clock clock = Clock.systemUTC();

    /**
     * Takes the admin client over.
     *
     * @param kafka the configuration for a consumer that reads the oldest open records
     */
    public StatusReader(Admin admin, Map<String, Object> kafka, Topics topics, String group) {
        this.admin = admin;
        this.topics = topics;
        this.group = new WorkerGroup(admin, group, topics.requests());
        this.heads = new OldestOpenRecords(kafka, topics.requests());
    }

    /** @throws CommandException where topics are missing, or the broker does not answer or does not let us look */
    public QueueStatus read() throws InterruptedException {
        Map<String, TopicState> states = topicStates();
        List<String> problems = new ArrayList<>(TopicCheck.of(topics, states).refusals());
        List<OpenRange> spans = spans(states, problems);
        Map<TopicPartition, PartitionBacklog> backlogs = heads.read(spans, problems);
        GroupStatus workers = group.status();
        int width = topics.inputs().stream()
                .mapToInt(topic -> states.get(topic).partitions())
                .min()
                .orElseThrow();
        problems.addAll(problems(workers, width));
        List<TopicBacklog> inputs = topics.inputs().stream()
                .map(topic -> backlog(topic, states, backlogs))
                .toList();
        TopicBacklog dead = backlog(topics.dead(), states, backlogs);
        return new QueueStatus(topics.base(), clock.instant(), width, workers, inputs, dead, problems);
    }

    private Map<String, TopicState> topicStates() throws InterruptedException {
        try {
            Map<String, TopicState> states = TopicState.read(admin, topics.all(), AdminTimeouts.FOREGROUND);
            TopicCheck.missing(topics, states).ifPresent(missing -> {
                throw new CommandException(missing);
            });
            return states;
        } catch (TopicState.UnreadableException unreadable) {
            throw new CommandException(unreadable.getMessage());
        }
    }

    /**
     * What is committed is asked for first: what is published or ends until the bounds are known then makes the backlog
     * larger, never less than nothing.
     */
    private List<OpenRange> spans(Map<String, TopicState> states, List<String> problems) throws InterruptedException {
        CommittedOffsets committed = group.committed();
        List<TopicPartition> partitions = partitions(states);
        var begins = offsets(partitions, OffsetSpec.earliest());
        var ends = offsets(partitions, OffsetSpec.latest());
        Map<TopicPartition, Long> begin = AdminResults.offsets(begins, partitions, "the topics' first offsets");
        Map<TopicPartition, Long> end = AdminResults.offsets(ends, partitions, "the topics' last offsets");
        List<OpenRange> spans = new ArrayList<>();
        Set<TopicPartition> away = new TreeSet<>(OldestOpenRecords.BY_NAME);
        for (TopicPartition partition : partitions) {
            Long first = begin.get(partition);
            Long last = end.get(partition);
            if (first == null || last == null) {
                away.add(partition);
            } else {
                spans.add(committed.span(partition, first, last, problems));
            }
        }
        if (!away.isEmpty()) {
            problems.add("what waits in " + OldestOpenRecords.names(away)
                    + " is not counted: no leader has answered; look at the brokers that hold it");
        }
        return spans;
    }

    /** Of the inputs and the dead letters, of which nothing is ever committed by the workers' group. */
    private List<TopicPartition> partitions(Map<String, TopicState> states) {
        return topics.all().stream()
                .filter(topic -> !topic.equals(topics.replies()))
                .flatMap(topic -> IntStream.range(0, states.get(topic).partitions())
                        .mapToObj(partition -> new TopicPartition(topic, partition)))
                .toList();
    }

    /** Up to where workers can read: a requeued request shows in its new topic when its old offset is committed. */
    private ListOffsetsResult offsets(List<TopicPartition> partitions, OffsetSpec which) {
        ListOffsetsOptions options =
                new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        Map<TopicPartition, OffsetSpec> asked =
                partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> which));
        return admin.listOffsets(asked, options);
    }

    private TopicBacklog backlog(
            String topic, Map<String, TopicState> states, Map<TopicPartition, PartitionBacklog> backlogs) {
        String prefix = topics.requests() + ".";
        return new TopicBacklog(
                topic,
                topic.startsWith(prefix) ? topic.substring(prefix.length()) : "requests",
                IntStream.range(0, states.get(topic).partitions())
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
        Set<Integer> ownerless = workers.ownerless(width);
        return ownerless.isEmpty()
                ? List.of()
                : List.of("no worker reads partitions " + ownerless + "; if that lasts, restart the workers");
    }

    @Override
    public void close() {
        heads.close();
        admin.close();
    }
}
