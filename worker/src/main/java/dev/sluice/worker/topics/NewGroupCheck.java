package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what it would cost if a new consumer group began to work on a queue. A group without committed offsets
 * reads from the beginning. Where others have worked, that calls answered requests again and publishes second endings.
 */
public final class NewGroupCheck {
    private static final int NAMED_GROUPS = 3;

    private static final Logger log = LoggerFactory.getLogger(NewGroupCheck.class);

    private final Admin admin;
    private final Topics topics;
    private final Predicate<String> isWorkersMetadata;
    private final int timeoutMillis;

    /**
     * The offsets that another group has committed on the topics of producers.
     *
     * @param isOfWorkers true if its offsets show that workers have committed them, and not some other reader
     */
    private record OtherGroup(Map<TopicPartition, Long> committed, boolean isOfWorkers) {}

    /** The bounds of each partition of the topics of producers. */
    private record PublishedRequests(Map<TopicPartition, Long> begins, Map<TopicPartition, Long> ends) {
        /** Returns the number of offsets that one of the groups is past and that still exist. */
        long passed(Collection<OtherGroup> groups) {
            return begins.keySet().stream()
                    .mapToLong(partition -> groups.stream()
                            .mapToLong(group -> passed(partition, group.committed()))
                            .max()
                            .orElse(0))
                    .sum();
        }

        private long passed(TopicPartition partition, Map<TopicPartition, Long> committed) {
            long upTo = Math.min(committed.getOrDefault(partition, 0L), ends.getOrDefault(partition, 0L));
            return Math.max(0, upTo - begins.get(partition));
        }

        long all() {
            return begins.entrySet().stream()
                    .mapToLong(begin -> Math.max(0, ends.getOrDefault(begin.getKey(), 0L) - begin.getValue()))
                    .sum();
        }
    }

    /**
     * Creates a check.
     *
     * @param isWorkersMetadata tells from the metadata of a committed offset whether a worker has written it
     * @param timeoutMillis for each of the broker's answers
     */
    public NewGroupCheck(Admin admin, Topics topics, Predicate<String> isWorkersMetadata, int timeoutMillis) {
        this.admin = admin;
        this.topics = topics;
        this.isWorkersMetadata = isWorkersMetadata;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * Returns a sentence with the cost and the remedy if this group is new and the queue has been worked on. It is
     * empty if Kafka does not answer, since workers must start where an administrator hides other groups.
     *
     * @param width the number of partitions of the requests topic
     */
    public Optional<String> refusal(String group, int width) throws InterruptedException {
        try {
            // The endings come first: a worker that starts beside this one has joined before it can reply.
            boolean hasEnded = isUsed(topics.replies()) || isUsed(topics.dead());
            return isNew(group) ? refusalOfNew(group, width, hasEnded) : Optional.empty();
        } catch (ExecutionException failed) {
            log.atWarn()
                    .addKeyValue("group", group)
                    .addKeyValue("reason", failed.getCause())
                    .log("Kafka does not tell whether other groups have worked on this queue; a mistyped group would "
                            + "call their requests again");
            return Optional.empty();
        }
    }

    private boolean isUsed(String topic) throws ExecutionException, InterruptedException {
        return offsets(topic, OffsetSpec.latest()).values().stream().anyMatch(end -> end > 0);
    }

    private boolean isNew(String group) throws ExecutionException, InterruptedException {
        var options = new DescribeConsumerGroupsOptions().timeoutMs(timeoutMillis);
        var described = answer(admin.describeConsumerGroups(List.of(group), options)
                .describedGroups()
                .get(group));
        boolean hasMembers = described != null && !described.members().isEmpty();
        return !hasMembers && committed(group).isEmpty();
    }

    private Optional<String> refusalOfNew(String group, int width, boolean hasEnded)
            throws ExecutionException, InterruptedException {
        List<TopicPartition> partitions = topics.fromProducers().stream()
                .flatMap(topic -> IntStream.range(0, width).mapToObj(partition -> new TopicPartition(topic, partition)))
                .toList();
        PublishedRequests requests = new PublishedRequests(
                offsets(partitions, OffsetSpec.earliest()), offsets(partitions, OffsetSpec.latest()));
        Map<String, OtherGroup> others = others(group);
        Map<String, OtherGroup> workers = new TreeMap<>(others);
        workers.values().removeIf(other -> !other.isOfWorkers());
        long passed = requests.passed(workers.values());
        if (passed > 0) {
            String names = names(workers.keySet());
            return Optional.of(refusal(group, "group " + names, passed) + "If the name is mistyped, set --group to "
                    + names + ". " + remedy());
        }
        boolean haveRead = requests.passed(others.values()) > 0;
        if (workers.isEmpty() && hasEnded && (others.isEmpty() || haveRead) && requests.all() > 0) {
            String who = haveRead
                    ? "another group (" + names(others.keySet()) + ", or one that Kafka has forgotten)"
                    : "a group that Kafka has forgotten or does not show";
            return Optional.of(
                    refusal(group, who, requests.all()) + "If the name is mistyped, correct --group. " + remedy());
        }
        if (haveRead) {
            log.atWarn()
                    .addKeyValue("group", group)
                    .addKeyValue("others", names(others.keySet()))
                    .addKeyValue("topic", topics.requests())
                    .log("Other groups have read the requests, and nothing shows that they are workers; if they are, "
                            + "their requests are called again");
        }
        logIfHidden(group);
        return Optional.empty();
    }

    private String refusal(String group, String who, long requests) {
        return "consumer group '" + group + "' is new here, and " + who + " has worked on " + topics.requests()
                + ": a new group begins at the first record, so it would call up to " + requests
                + " requests again that have ended, pay for them and publish second replies. ";
    }

    private String remedy() {
        return "If the name is right, its offsets may have expired, since Kafka forgets those of a group without"
                + " workers after offsets.retention.minutes: set them with kafka-consumer-groups --reset-offsets, for "
                + topics.requests() + " and the topics that begin with it. To call all again, start with --new-group";
    }

    private static String names(Collection<String> groups) {
        String first = groups.stream()
                .limit(NAMED_GROUPS)
                .map(name -> "'" + name + "'")
                .collect(Collectors.joining(", "));
        int more = groups.size() - NAMED_GROUPS;
        return more > 0 ? first + " and " + more + " more" : first;
    }

    /** Returns the other groups that have committed offsets on the queue's inputs. */
    private Map<String, OtherGroup> others(String group) throws ExecutionException, InterruptedException {
        ListGroupsOptions consumers = ListGroupsOptions.forConsumerGroups();
        consumers.timeoutMs(timeoutMillis);
        Map<String, OtherGroup> others = new TreeMap<>();
        // valid() leaves out the groups of a coordinator that does not answer
        for (GroupListing listed : admin.listGroups(consumers).valid().get()) {
            if (!listed.groupId().equals(group)) {
                OtherGroup other = other(committed(listed.groupId()));
                if (!other.committed().isEmpty()) {
                    others.put(listed.groupId(), other);
                }
            }
        }
        return others;
    }

    /** Reads what a group has committed. Only workers read what they write, so a group that has is one of theirs. */
    private OtherGroup other(Map<TopicPartition, OffsetAndMetadata> committed) {
        Map<TopicPartition, Long> requests = new HashMap<>();
        boolean isOfWorkers = false;
        for (var entry : committed.entrySet()) {
            boolean isFromProducers = topics.isFromProducers(entry.getKey().topic());
            isOfWorkers |=
                    !isFromProducers || isWorkersMetadata.test(entry.getValue().metadata());
            if (isFromProducers) {
                requests.put(entry.getKey(), entry.getValue().offset());
            }
        }
        return new OtherGroup(requests, isOfWorkers);
    }

    /** Returns what a group has committed on the inputs of this queue. */
    private Map<TopicPartition, OffsetAndMetadata> committed(String group)
            throws ExecutionException, InterruptedException {
        var options = new ListConsumerGroupOffsetsOptions().requireStable(false).timeoutMs(timeoutMillis);
        Map<TopicPartition, @Nullable OffsetAndMetadata> answer =
                answer(admin.listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec()), options)
                        .partitionsToOffsetAndMetadata(group));
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
        if (answer != null) {
            answer.forEach((partition, offset) -> {
                if (offset != null && topics.inputs().contains(partition.topic())) {
                    committed.put(partition, offset);
                }
            });
        }
        return committed;
    }

    private Map<TopicPartition, Long> offsets(String topic, OffsetSpec spec)
            throws ExecutionException, InterruptedException {
        var described = admin.describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(timeoutMillis))
                .allTopicNames()
                .get();
        List<TopicPartition> partitions = described.get(topic).partitions().stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        return offsets(partitions, spec);
    }

    private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec spec)
            throws ExecutionException, InterruptedException {
        var options = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(timeoutMillis);
        Map<TopicPartition, OffsetSpec> asked =
                partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> spec));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listOffsets(asked, options)
                .all()
                .get()
                .forEach((partition, info) -> offsets.put(partition, info.offset()));
        return offsets;
    }

    /** Returns the answer, or null if there is no such group. */
    private static <T> @Nullable T answer(KafkaFuture<T> future) throws ExecutionException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return null;
            }
            throw failed;
        }
    }

    /** Kafka leaves out the groups that a user may not see, without a word. */
    private void logIfHidden(String group) throws ExecutionException, InterruptedException {
        var options =
                new DescribeClusterOptions().includeAuthorizedOperations(true).timeoutMs(timeoutMillis);
        var allowed = admin.describeCluster(options).authorizedOperations().get();
        if (allowed != null && !allowed.contains(AclOperation.DESCRIBE)) {
            log.atInfo()
                    .addKeyValue("group", group)
                    .addKeyValue("remedy", "to have that checked, allow Describe on the cluster")
                    .log("Kafka shows this user no groups of others; whether one has worked on this queue is unknown");
        }
    }
}
