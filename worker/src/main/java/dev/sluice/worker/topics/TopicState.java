package dev.sluice.worker.topics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The state of a topic on the broker. Immutable.
 *
 * @param settings the topic's configuration by Kafka's names; empty if this user may not read it
 */
public record TopicState(String name, int partitions, int replication, Map<String, String> settings) {
    public TopicState {
        settings = Map.copyOf(settings);
    }

    /** Reports a topic that cannot be described. The message says why and what to do. */
    public static final class UnreadableException extends RuntimeException {
        private final String topic;

        UnreadableException(String topic, String message, Throwable cause) {
            super(message, cause);
            this.topic = topic;
        }

        public String topic() {
            return topic;
        }
    }

    /** Returns true if Kafka deletes records of the topic because a newer record has the same key. */
    public boolean isCompacted() {
        return hasCleanupPolicy(TopicConfig.CLEANUP_POLICY_COMPACT);
    }

    /** Returns true if Kafka deletes records of the topic because they are old, or the topic is large. */
    boolean deletesOldRecords() {
        return hasCleanupPolicy(TopicConfig.CLEANUP_POLICY_DELETE);
    }

    private boolean hasCleanupPolicy(String policy) {
        return cleanupPolicies(
                        settings.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE))
                .contains(policy);
    }

    /** Returns the policies that a value of {@code cleanup.policy} lists. */
    static Set<String> cleanupPolicies(String value) {
        return Stream.of(value.split(",", -1)).map(String::strip).collect(Collectors.toSet());
    }

    /**
     * Reads the state of the topics that exist.
     *
     * @return the states by the topic's name
     * @throws UnreadableException if the broker does not answer in time or denies access
     */
    public static Map<String, TopicState> read(Admin admin, Collection<String> names, Duration timeout)
            throws InterruptedException {
        int millis = (int) timeout.toMillis();
        var descriptions = admin.describeTopics(names, new DescribeTopicsOptions().timeoutMs(millis))
                .topicNameValues();
        List<TopicDescription> found = new ArrayList<>();
        for (String name : names) {
            description(name, descriptions.get(name)).ifPresent(found::add);
        }
        Map<String, Map<String, String>> settings = settings(admin, found, millis);
        Map<String, TopicState> states = new TreeMap<>();
        for (TopicDescription each : found) {
            int replication = each.partitions().get(0).replicas().size();
            Map<String, String> own = settings.getOrDefault(each.name(), Map.of());
            states.put(
                    each.name(), new TopicState(each.name(), each.partitions().size(), replication, own));
        }
        return states;
    }

    private static Optional<TopicDescription> description(String name, KafkaFuture<TopicDescription> future)
            throws InterruptedException {
        try {
            return Optional.of(future.get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw unreadable("topic ", name, failed.getCause());
        }
    }

    private static Map<String, Map<String, String>> settings(Admin admin, List<TopicDescription> topics, int millis)
            throws InterruptedException {
        List<ConfigResource> resources = topics.stream()
                .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic.name()))
                .toList();
        var futures = admin.describeConfigs(resources, new DescribeConfigsOptions().timeoutMs(millis))
                .values();
        Map<String, Map<String, String>> settings = new HashMap<>();
        for (ConfigResource resource : resources) {
            settings.put(resource.name(), settings(resource.name(), futures.get(resource)));
        }
        return settings;
    }

    // empty if Kafka denies it: who may read and write a topic need not be allowed to see its configuration
    private static Map<String, String> settings(String topic, KafkaFuture<Config> future) throws InterruptedException {
        try {
            Map<String, String> values = new HashMap<>();
            for (ConfigEntry entry : future.get().entries()) {
                if (entry.value() != null) {
                    values.put(entry.name(), entry.value());
                }
            }
            return values;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof AuthorizationException
                    || failed.getCause() instanceof UnknownTopicOrPartitionException) {
                return Map.of();
            }
            throw unreadable("the configuration of topic ", topic, failed.getCause());
        }
    }

    private static UnreadableException unreadable(String what, String topic, Throwable cause) {
        // the exception of an admin call for one topic does not name the topic
        Throwable named =
                cause instanceof TopicAuthorizationException ? new TopicAuthorizationException(Set.of(topic)) : cause;
        String why = AclErrors.words(named, AclErrors.Right.DESCRIBE)
                .orElseGet(() ->
                        (cause instanceof TimeoutException ? "no broker has answered in time" : cause.getMessage())
                                + "; look at the broker's log, or try again");
        return new UnreadableException(topic, "cannot read " + what + topic + ": " + why, named);
    }
}
