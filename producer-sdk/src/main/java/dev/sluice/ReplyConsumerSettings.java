package dev.sluice;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The checked configuration of a reply consumer. All problems are reported together.
 *
 * @param bootstrapServers the brokers as {@code host:port}, separated by commas
 * @param topic the topic that is read
 * @param group the consumer group
 * @param retries how often a reply is delivered again
 * @param kafka the user's Kafka properties
 */
record ReplyConsumerSettings(
        String bootstrapServers,
        String topic,
        String group,
        ReplyHandler handler,
        int retries,
        FailurePolicy onFailure,
        Duration closeTimeout,
        Map<String, Object> kafka) {
    static ReplyConsumerSettings of(
            String bootstrapServers,
            String base,
            @Nullable String replyTopic,
            @Nullable String group,
            @Nullable ReplyHandler handler,
            int retries,
            FailurePolicy onFailure,
            Duration closeTimeout,
            Map<String, Object> kafka) {
        List<String> problems = new ArrayList<>();
        ProblemList problemList = new ProblemList(problems);
        problemList.require(!bootstrapServers.isBlank(), "bootstrapServers is empty: give host:port");
        problemList.require(
                group != null && !group.isBlank(), "group is missing: call group() with the consumer group's name");
        problemList.require(handler != null, "handler is missing: call handler()");
        problemList.require(retries >= 0, "retries is " + retries + ": must be 0 or more");
        problemList.require(
                closeTimeout.compareTo(Duration.ZERO) > 0,
                "closeTimeout is " + closeTimeout + ": must be more than zero");
        problems.addAll(ClientProperties.refused(kafka));
        String topic = replyTopic == null ? problemList.replyTopicOf(base) : replyTopic;
        problemList.require(!topic.isBlank(), "replyTopic is empty: name a topic, or leave it out");
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("reply consumer configuration: " + String.join("; ", problems));
        }
        return new ReplyConsumerSettings(
                bootstrapServers,
                topic,
                Objects.requireNonNull(group),
                Objects.requireNonNull(handler),
                retries,
                onFailure,
                closeTimeout,
                Map.copyOf(kafka));
    }

    /** Collects the problems of a configuration. */
    private record ProblemList(List<String> problems) {
        void require(boolean holds, String problem) {
            if (!holds) {
                problems.add(problem);
            }
        }

        String replyTopicOf(String base) {
            try {
                return new Topics(base).replies();
            } catch (IllegalArgumentException e) {
                problems.add(e.getMessage());
                return "?";
            }
        }
    }
}
