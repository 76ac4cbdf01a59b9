package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.kafka.AdminTimeouts;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DeleteRecordsOptions;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has Kafka delete what has ended of the topics that workers write for themselves: retry, overflow and delay. Otherwise
 * each hop of a delayed request would lie there for as long as a backlog may wait. Owned by the poll thread. Does not
 * block.
 *
 * <p>Only records below the offset that Kafka names as the group's committed one are deleted. Nothing that this worker
 * remembers counts, and what an open transaction would commit does not count either. Each owner of a partition begins
 * at the committed offset, so it never falls while the group has workers. That is why a worker that has just lost a
 * partition deletes nothing that the next owner wants. Offsets that are done above the committed one stay.
 *
 * <p>If another group reads the queue, or if Kafka would not show it, nothing is deleted. A failure is no more than a
 * reason to try again later.
 */
public final class EndedRecords {
    private static final long INTERVAL_NANOS = Duration.ofMinutes(1).toNanos();

    private static final Logger log = LoggerFactory.getLogger(EndedRecords.class);

    private final Admin admin;
    private final String group;
    private final Topics topics;
    private final LongSupplier nanoTime;
    /** The offset below which a partition was deleted. Only the present round touches it. */
    private final Map<TopicPartition, Long> deleted = new HashMap<>();

    private String keptFor = "";
    private long begunAt;
    private CompletableFuture<Void> round = CompletableFuture.completedFuture(null);

    public EndedRecords(Admin admin, String group, Topics topics, LongSupplier nanoTime) {
        this.admin = admin;
        this.group = group;
        this.topics = topics;
        this.nanoTime = nanoTime;
        this.begunAt = nanoTime.getAsLong();
    }

    /**
     * Deletes in the background what has ended, at most once a minute.
     *
     * @param reading the assignments that this worker reads. Those whose log has lost its end must not be among them,
     *     since new records may lie below the committed offset there
     */
    public void delete(Set<Assignment> reading) {
        long now = nanoTime.getAsLong();
        if (!round.isDone() || now - begunAt < INTERVAL_NANOS) {
            return;
        }
        begunAt = now;
        List<TopicPartition> own = reading.stream()
                .map(Assignment::partition)
                .filter(partition -> isWrittenByWorkers(partition.topic()))
                .toList();
        round = committed(Set.of(group), own)
                .thenCompose(committed -> deleteIfUnread(ended(committed.getOrDefault(group, Map.of()), deleted)))
                .exceptionally(this::failed)
                .toCompletableFuture();
    }

    private boolean isWrittenByWorkers(String topic) {
        return topics.inputs().contains(topic) && !topics.isFromProducers(topic);
    }

    /** Returns the offsets to delete up to, of the partitions where something has ended since the last time. */
    static Map<TopicPartition, Long> ended(Map<TopicPartition, Long> committed, Map<TopicPartition, Long> deleted) {
        Map<TopicPartition, Long> ended = new HashMap<>(committed);
        // a topic that was deleted and made again begins anew, so a lower offset is news as well
        ended.entrySet().removeIf(each -> each.getValue().equals(deleted.getOrDefault(each.getKey(), 0L)));
        return ended;
    }

    private CompletionStage<Void> deleteIfUnread(Map<TopicPartition, Long> ended) {
        if (ended.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return reasonToKeep(ended.keySet()).thenCompose(reason -> {
            reason.ifPresent(this::keep);
            return reason.isPresent() ? CompletableFuture.completedFuture(null) : delete(ended);
        });
    }

    private CompletionStage<Void> delete(Map<TopicPartition, Long> ended) {
        Map<TopicPartition, RecordsToDelete> upTo = new HashMap<>();
        ended.forEach((partition, offset) -> upTo.put(partition, RecordsToDelete.beforeOffset(offset)));
        var options = new DeleteRecordsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.deleteRecords(upTo, options).all().toCompletionStage().thenAccept(done -> {
            deleted.putAll(ended);
            keptFor = "";
            log.atDebug().addKeyValue("upTo", ended).log("Ended records deleted");
        });
    }

    private CompletionStage<Optional<String>> reasonToKeep(Set<TopicPartition> partitions) {
        Set<Integer> bundles = partitions.stream().map(topics::bundleOf).collect(Collectors.toSet());
        // A group that has read requests of a bundle will read what else is in it.
        List<TopicPartition> whole = topics.inputs().stream()
                .flatMap(topic -> bundles.stream().flatMap(bundle -> topics.partitionsOf(topic, bundle).stream()))
                .toList();
        return seesAllGroups()
                .thenCompose(sees -> sees
                        ? otherReader(whole)
                        : CompletableFuture.completedFuture(
                                Optional.of("Kafka does not show this user the groups that read the queue")));
    }

    /** Kafka leaves out the groups that a user may not see, without a word. */
    private CompletionStage<Boolean> seesAllGroups() {
        var options = new DescribeClusterOptions()
                .includeAuthorizedOperations(true)
                .timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.describeCluster(options)
                .authorizedOperations()
                .toCompletionStage()
                .thenApply(allowed -> allowed != null && allowed.contains(AclOperation.DESCRIBE));
    }

    /** Returns a sentence with the first other group that has committed an offset of these partitions or reads them. */
    private CompletionStage<Optional<String>> otherReader(Collection<TopicPartition> partitions) {
        ListGroupsOptions consumers = ListGroupsOptions.forConsumerGroups();
        consumers.timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.listGroups(consumers).all().toCompletionStage().thenCompose(listed -> {
            Map<String, Optional<GroupState>> others = listed.stream()
                    .filter(other -> !other.groupId().equals(group))
                    .collect(Collectors.toMap(GroupListing::groupId, GroupListing::groupState, (one, same) -> one));
            Set<String> live = others.keySet().stream()
                    .filter(other -> !others.get(other).equals(Optional.of(GroupState.EMPTY)))
                    .collect(Collectors.toSet());
            return committed(others.keySet(), partitions).thenCombine(assigned(live), (committed, assigned) -> {
                Set<String> readers = new HashSet<>();
                committed.forEach((other, offsets) -> {
                    if (!offsets.isEmpty()) {
                        readers.add(other);
                    }
                });
                assigned.forEach((other, owned) -> {
                    if (owned.stream().anyMatch(partitions::contains)) {
                        readers.add(other);
                    }
                });
                return readers.stream()
                        .min(String::compareTo)
                        .map(other -> "consumer group '" + other + "' reads the queue too, or has offsets there");
            });
        });
    }

    /** Returns what each group has committed of these partitions. */
    private CompletionStage<Map<String, Map<TopicPartition, Long>>> committed(
            Set<String> groups, Collection<TopicPartition> partitions) {
        if (groups.isEmpty() || partitions.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        var asked = new ListConsumerGroupOffsetsSpec().topicPartitions(partitions);
        var options =
                new ListConsumerGroupOffsetsOptions().requireStable(false).timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.listConsumerGroupOffsets(
                        groups.stream().collect(Collectors.toMap(each -> each, each -> asked)), options)
                .all()
                .toCompletionStage()
                .thenApply(answer -> {
                    Map<String, Map<TopicPartition, Long>> committed = new HashMap<>();
                    answer.forEach((each, offsets) -> committed.put(each, existing(offsets)));
                    return committed;
                });
    }

    private static Map<TopicPartition, Long> existing(Map<TopicPartition, @Nullable OffsetAndMetadata> answer) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        answer.forEach((partition, offset) -> {
            if (offset != null) {
                offsets.put(partition, offset.offset());
            }
        });
        return offsets;
    }

    private CompletionStage<Map<String, Set<TopicPartition>>> assigned(Set<String> groups) {
        if (groups.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        var options = new DescribeConsumerGroupsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.describeConsumerGroups(groups, options)
                .all()
                .toCompletionStage()
                .thenApply(described -> described.values().stream()
                        .collect(Collectors.toMap(ConsumerGroupDescription::groupId, EndedRecords::assigned)));
    }

    private static Set<TopicPartition> assigned(ConsumerGroupDescription described) {
        return described.members().stream()
                .flatMap(member -> member.assignment().topicPartitions().stream())
                .collect(Collectors.toSet());
    }

    private @Nullable Void failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof AuthorizationException) {
            keep("Kafka does not allow it: " + cause.getMessage());
        } else {
            log.atDebug().setCause(cause).log("Ended records could not be deleted");
        }
        return null;
    }

    /** Logs why nothing is deleted, once until it changes. */
    private void keep(String reason) {
        if (!reason.equals(keptFor)) {
            log.atInfo()
                    .addKeyValue("reason", reason)
                    .addKeyValue("remedy", "none is needed; see the ACLs of workers for the rights")
                    .log("Ended requests stay on the retry, overflow and delay topics until their retention is over");
        }
        keptFor = reason;
    }
}
