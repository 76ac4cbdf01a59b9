package dev.sluice.worker.cli;

import dev.sluice.wire.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** A right of a user. The lists hold exactly the rights in the table of ACLs in worker/README.md. */
record AclGrant(String user, AclOperation operation, ResourceType type, String name, PatternType pattern) {
    static final String WORKER = "worker";
    static final String PUBLISHER = "publisher";
    static final String EXPRESS = "express";
    static final String READER = "reader";
    static final String READERS = "billing";
    static final String OPERATOR = "operator";
    static final String WATCHER = "watcher";
    static final String SUBMITTER = "submitter";
    static final String CREATOR = "creator";
    static final String DOOR = "door";

    static AclGrant topic(String user, AclOperation operation, String topic) {
        return new AclGrant(user, operation, ResourceType.TOPIC, topic, PatternType.LITERAL);
    }

    static AclGrant group(String user, AclOperation operation, String group) {
        return new AclGrant(user, operation, ResourceType.GROUP, group, PatternType.LITERAL);
    }

    static AclGrant transactionalId(String user, String prefix) {
        return new AclGrant(user, AclOperation.WRITE, ResourceType.TRANSACTIONAL_ID, prefix, PatternType.PREFIXED);
    }

    static List<AclGrant> worker(Topics topics, String group) {
        List<AclGrant> grants = new ArrayList<>();
        topics.inputs().forEach(topic -> grants.add(topic(WORKER, AclOperation.READ, topic)));
        grants.add(topic(WORKER, AclOperation.READ, topics.workers()));
        grants.add(topic(WORKER, AclOperation.READ, topics.cancels()));
        topics.all().stream()
                .filter(topic -> !topics.isFromProducers(topic) && !topic.equals(topics.cancels()))
                .forEach(topic -> grants.add(topic(WORKER, AclOperation.WRITE, topic)));
        grants.add(group(WORKER, AclOperation.READ, group));
        grants.add(transactionalId(WORKER, group + ":" + topics.base() + ":"));
        topics.all().forEach(topic -> grants.add(topic(WORKER, AclOperation.DESCRIBE_CONFIGS, topic)));
        return grants;
    }

    /** Returns the rights that a worker uses where it has them. */
    static List<AclGrant> cleaner(Topics topics) {
        List<AclGrant> grants = new ArrayList<>();
        topics.inputs().stream()
                .filter(topic -> !topics.isFromProducers(topic))
                .forEach(topic -> grants.add(topic(WORKER, AclOperation.DELETE, topic)));
        grants.add(group(WORKER, AclOperation.DESCRIBE, "*"));
        grants.add(new AclGrant(
                WORKER, AclOperation.DESCRIBE, ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL));
        return grants;
    }

    static List<AclGrant> publisher(Topics topics) {
        return List.of(topic(PUBLISHER, AclOperation.WRITE, topics.requests()));
    }

    /** Returns the rights of a user who asks, and may publish nothing but express requests. */
    static List<AclGrant> express(Topics topics) {
        return List.of(
                topic(EXPRESS, AclOperation.WRITE, topics.express()),
                topic(EXPRESS, AclOperation.READ, topics.replies()));
    }

    static List<AclGrant> reader(Topics topics) {
        return List.of(topic(READER, AclOperation.READ, topics.replies()), group(READER, AclOperation.READ, READERS));
    }

    static List<AclGrant> operator(Topics topics) {
        return List.of(
                topic(OPERATOR, AclOperation.READ, topics.dead()),
                topic(OPERATOR, AclOperation.DESCRIBE, topics.requests()),
                topic(OPERATOR, AclOperation.WRITE, topics.dead()),
                topic(OPERATOR, AclOperation.WRITE, topics.requests()),
                topic(OPERATOR, AclOperation.WRITE, topics.cancels()),
                new AclGrant(
                        OPERATOR,
                        AclOperation.WRITE,
                        ResourceType.TRANSACTIONAL_ID,
                        "sluice-dlq-replay:" + topics.base(),
                        PatternType.LITERAL));
    }

    /** Returns the rights of a user who only runs {@code status}. */
    static List<AclGrant> watcher(Topics topics, String group) {
        Stream<AclGrant> read = topics.all().stream()
                .filter(topic -> !topic.equals(topics.replies()))
                .map(topic -> topic(WATCHER, AclOperation.READ, topic));
        return Stream.concat(
                        read,
                        Stream.of(
                                topic(WATCHER, AclOperation.DESCRIBE, topics.replies()),
                                group(WATCHER, AclOperation.DESCRIBE, group)))
                .toList();
    }

    /** Returns the rights of a user who runs {@code submit} and {@code ask}. */
    static List<AclGrant> submitter(Topics topics) {
        return List.of(
                topic(SUBMITTER, AclOperation.WRITE, topics.requests()),
                topic(SUBMITTER, AclOperation.READ, topics.replies()),
                topic(SUBMITTER, AclOperation.READ, topics.requests()));
    }

    /** Returns the rights of an HTTP door without a file of keys that runs batches. */
    static List<AclGrant> door(Topics topics) {
        String batches = topics.base() + ".batches.";
        return List.of(
                topic(DOOR, AclOperation.WRITE, topics.requests()),
                topic(DOOR, AclOperation.READ, topics.doorReplies()),
                topic(DOOR, AclOperation.WRITE, topics.cancels()),
                topic(DOOR, AclOperation.READ, topics.workers()),
                topic(DOOR, AclOperation.READ, topics.streams()),
                topic(DOOR, AclOperation.READ, topics.batchReplies()),
                topic(DOOR, AclOperation.WRITE, topics.batchReplies()),
                new AclGrant(DOOR, AclOperation.READ, ResourceType.GROUP, batches, PatternType.PREFIXED),
                transactionalId(DOOR, batches));
    }

    static List<AclGrant> creator(Topics topics) {
        return Stream.of(AclOperation.CREATE, AclOperation.ALTER, AclOperation.DESCRIBE_CONFIGS)
                .map(operation ->
                        new AclGrant(CREATOR, operation, ResourceType.TOPIC, topics.base() + ".", PatternType.PREFIXED))
                .toList();
    }

    /** Returns the right as error messages name it, in Kafka's own words. */
    String words() {
        String right = operation == AclOperation.READ ? "Read" : operation == AclOperation.WRITE ? "Write" : "Describe";
        return switch (type) {
            case TOPIC -> right + " on topic " + name;
            case GROUP -> right + " on consumer group '" + name + "'";
            case TRANSACTIONAL_ID -> right + " on transactional id '" + name;
            default -> throw new IllegalStateException("no role needs a right to a " + type);
        };
    }

    AclBinding binding() {
        return new AclBinding(
                new ResourcePattern(type, name, pattern),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }

    @Override
    public String toString() {
        return user + ": " + words();
    }
}
