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
 * Whether Kafka's ACLs allow this user what is about to be done. Asked of the broker before anything is: what is missing is
 * said at once and as a whole, and not when it is tried for the first time, which for a worker's dead letters may be days
 * later.
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

    /** What a worker lacks; as {@link #missing}. */
    public Optional<String> ofWorker(Topics topics, String group) throws InterruptedException {
        List<String> written = topics.all().stream()
                .filter(topic -> !topic.equals(topics.requests()))
                .toList();
        return missing(topics.inputs(), written, Optional.of(group));
    }

    /** What a client lacks that publishes requests and reads their replies; as {@link #missing}. */
    public Optional<String> ofClient(Topics topics) throws InterruptedException {
        return missing(List.of(topics.replies()), List.of(topics.requests()), Optional.empty());
    }

    /**
     * All that is missing, in a sentence that names resources and rights. Empty where nothing is, and where the broker
     * does not say: then it shows when it is tried. So it does with transactional ids, about which it cannot be asked.
     */
    private Optional<String> missing(List<String> read, List<String> written, Optional<String> joined)
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
        without(AclOperation.READ, read, allowed).map(AclErrors.Right.READ::on).ifPresent(missing::add);
        without(AclOperation.WRITE, written, allowed)
                .map(AclErrors.Right.WRITE::on)
                .ifPresent(missing::add);
        if (joined.isPresent() && !mayRead(joined.get())) {
            missing.add(AclErrors.Right.READ.onGroup(joined.get()));
        }
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow it: give this user " + String.join("; ", missing));
    }

    private static Optional<List<String>> without(
            AclOperation needed, List<String> topics, Map<String, Set<AclOperation>> allowed) {
        List<String> without = topics.stream()
                .filter(topic -> !allowed.getOrDefault(topic, Set.of()).contains(needed))
                .toList();
        return without.isEmpty() ? Optional.empty() : Optional.of(without);
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
            // that we may see it is allowed at least, so none at all is no answer
            return allowed == null || allowed.isEmpty() ? UNKNOWN : allowed;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof AuthorizationException) {
                return Set.of();
            }
            // a topic that is missing, or a broker that is away, is for the next check to say; a group may be new
            log.debug("what is allowed is not known", failed.getCause());
            return UNKNOWN;
        }
    }
}
