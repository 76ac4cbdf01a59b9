package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks that Kafka's ACLs allow this user what it is about to do. The broker is asked first, so that all missing
 * rights are reported at once. Otherwise each would show when it is first needed, which for a worker's dead letters
 * may be days later.
 */
public final class AclCheck {
    private static final Set<AclOperation> UNKNOWN = Set.of(AclOperation.READ, AclOperation.WRITE);

    private static final Logger log = LoggerFactory.getLogger(AclCheck.class);

    private final Admin admin;
    private final int timeoutMillis;

    /** @param timeout for each of the broker's answers */
    public AclCheck(Admin admin, Duration timeout) {
        this.admin = admin;
        this.timeoutMillis = (int) timeout.toMillis();
    }

    /** Returns a sentence that names every right without which a worker cannot work, or empty if it lacks none. */
    public Optional<String> ofWorker(Topics topics, String group) throws InterruptedException {
        List<String> written = topics.required().stream()
                .filter(topic -> !topics.isFromProducers(topic))
                .toList();
        return refusal(missing(topics.inputs(), written, Optional.of(group)));
    }

    /** Returns a warning with the remedy if this user may not both read and write {@link Topics#workers()}. */
    public Optional<String> ofPool(Topics topics) throws InterruptedException {
        String topic = topics.workers();
        List<String> missing = missing(List.of(topic), List.of(topic), Optional.empty());
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow this user to share what it knows on topic " + topic
                        + ", so this worker spends only its own part of each limit: give it "
                        + String.join("; ", missing)
                        + ", with kafka-acls.sh --bootstrap-server HOST:PORT --add --allow-principal User:NAME --topic "
                        + topic + " --operation Read --operation Write");
    }

    /** Returns a warning with the remedy if this user may not write to a topic of replies that an HTTP door reads. */
    public Optional<String> ofDoorReplies(String topic) throws InterruptedException {
        List<String> missing = missing(List.of(), List.of(topic), Optional.empty());
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow this user to write the replies that an HTTP door reads from topic "
                        + topic + ", so that no request of a door gets its reply: give it "
                        + String.join("; ", missing)
                        + ", with kafka-acls.sh --bootstrap-server HOST:PORT --add --allow-principal User:NAME --topic "
                        + topic + " --operation Write");
    }

    /** Returns a warning with the remedy if this user may not read {@link Topics#cancels()}. */
    public Optional<String> ofCancels(Topics topics) throws InterruptedException {
        String topic = topics.cancels();
        List<String> missing = missing(List.of(topic), List.of(), Optional.empty());
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow this user to read which requests are cancelled on topic " + topic
                        + ", so this worker calls them all the same: give it " + String.join("; ", missing)
                        + ", with kafka-acls.sh --bootstrap-server HOST:PORT --add --allow-principal User:NAME --topic "
                        + topic + " --operation Read");
    }

    /** Returns a warning with the remedy if this user may not write to {@link Topics#streams()}. */
    public Optional<String> ofStreams(Topics topics) throws InterruptedException {
        String topic = topics.streams();
        List<String> missing = missing(List.of(), List.of(topic), Optional.empty());
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow this user to write pieces of streamed answers to topic " + topic
                        + ", so that whoever waits sees an answer only once it is whole: give it "
                        + String.join("; ", missing)
                        + ", with kafka-acls.sh --bootstrap-server HOST:PORT --add --allow-principal User:NAME --topic "
                        + topic + " --operation Write");
    }

    /**
     * Returns the same sentence for a client that cancels requests, and needs the right to write
     * {@link Topics#cancels()}.
     */
    public Optional<String> ofCanceller(Topics topics) throws InterruptedException {
        return refusal(missing(List.of(), List.of(topics.cancels()), Optional.empty()));
    }

    /**
     * Returns the same sentence as {@link #ofWorker} for a client, which publishes requests and reads their replies.
     *
     * @param published the topic to which it publishes
     */
    public Optional<String> ofClient(Topics topics, String published) throws InterruptedException {
        return ofClient(topics.replies(), List.of(published));
    }

    /** Returns the same sentence for a client that reads its replies from any topic. */
    public Optional<String> ofClient(String replies, List<String> published) throws InterruptedException {
        return refusal(missing(List.of(replies), published, Optional.empty()));
    }

    private static Optional<String> refusal(List<String> missing) {
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow it: give this user " + String.join("; ", missing));
    }

    /**
     * Returns text that names the missing right and its resources, for each right.
     *
     * <p>The list is empty if nothing is missing or if the broker does not say. A missing right then shows when it is
     * needed. The same holds for transactional ids, since Kafka has no request that tells the rights on them.
     */
    private List<String> missing(List<String> read, List<String> written, Optional<String> joined)
            throws InterruptedException {
        Set<String> all = new LinkedHashSet<>(read);
        all.addAll(written);
        var descriptions = admin.describeTopics(
                        all,
                        new DescribeTopicsOptions()
                                .includeAuthorizedOperations(true)
                                .timeoutMs(timeoutMillis))
                .topicNameValues();
        Map<String, Set<AclOperation>> allowed = new HashMap<>();
        for (String topic : all) {
            allowed.put(topic, allowed(descriptions.get(topic), TopicDescription::authorizedOperations));
        }
        List<String> missing = new ArrayList<>();
        lacking(AclOperation.READ, read, allowed).map(AclErrors.Right.READ::on).ifPresent(missing::add);
        lacking(AclOperation.WRITE, written, allowed)
                .map(AclErrors.Right.WRITE::on)
                .ifPresent(missing::add);
        if (joined.isPresent() && !mayRead(joined.get())) {
            missing.add(AclErrors.Right.READ.onGroup(joined.get()));
        }
        return missing;
    }

    private static Optional<List<String>> lacking(
            AclOperation needed, List<String> topics, Map<String, Set<AclOperation>> allowed) {
        List<String> lacking = topics.stream()
                .filter(topic -> !allowed.getOrDefault(topic, Set.of()).contains(needed))
                .toList();
        return lacking.isEmpty() ? Optional.empty() : Optional.of(lacking);
    }

    private boolean mayRead(String group) throws InterruptedException {
        DescribeConsumerGroupsOptions options = new DescribeConsumerGroupsOptions()
                .includeAuthorizedOperations(true)
                .timeoutMs(timeoutMillis);
        var described = admin.describeConsumerGroups(List.of(group), options).describedGroups();
        return allowed(described.get(group), ConsumerGroupDescription::authorizedOperations)
                .contains(AclOperation.READ);
    }

    private static <T> Set<AclOperation> allowed(KafkaFuture<T> answer, Function<T, Set<AclOperation>> operations)
            throws InterruptedException {
        try {
            Set<AclOperation> allowed = operations.apply(answer.get());
            // Describe is allowed here, so an empty set means that the broker did not answer
            return allowed == null || allowed.isEmpty() ? UNKNOWN : allowed;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof AuthorizationException) {
                return Set.of();
            }
            // the next check reports a missing topic or an unavailable broker, and a group may be new
            log.debug("Allowed operations are unknown", failed.getCause());
            return UNKNOWN;
        }
    }
}
