package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * Whether Kafka's ACLs allow this user what a worker does. Asked of the broker before the worker joins its group: what is
 * missing is said at once and as a whole, and not when it is tried for the first time, which for dead letters may be days
 * later.
 */
public final class RightsCheck {
    private static final Set<AclOperation> UNKNOWN = Set.of(AclOperation.READ, AclOperation.WRITE);

    private static final Logger log = LoggerFactory.getLogger(RightsCheck.class);

    private RightsCheck() {}

    /**
     * All that is missing, in a sentence that names resources and rights. Empty where nothing is, and where the broker
     * does not say: then it shows when it is tried. So it does with the transactional id, about which it cannot be asked.
     */
    public static Optional<String> missing(Admin admin, Topics topics, String group, Duration timeout)
            throws InterruptedException {
        int millis = (int) timeout.toMillis();
        var descriptions = admin.describeTopics(
                        topics.all(),
                        new DescribeTopicsOptions()
                                .includeAuthorizedOperations(true)
                                .timeoutMs(millis))
                .topicNameValues();
        var groups = admin.describeConsumerGroups(
                        List.of(group),
                        new DescribeConsumerGroupsOptions()
                                .includeAuthorizedOperations(true)
                                .timeoutMs(millis))
                .describedGroups();
        List<String> unreadable = new ArrayList<>();
        List<String> unwritable = new ArrayList<>();
        for (String topic : topics.all()) {
            var allowed = allowed(descriptions.get(topic), TopicDescription::authorizedOperations);
            if (topics.inputs().contains(topic) && !allowed.contains(AclOperation.READ)) {
                unreadable.add(topic);
            }
            if (!topic.equals(topics.requests()) && !allowed.contains(AclOperation.WRITE)) {
                unwritable.add(topic);
            }
        }
        boolean joins = allowed(groups.get(group), ConsumerGroupDescription::authorizedOperations)
                .contains(AclOperation.READ);
        return sentence(unreadable, unwritable, joins ? List.of() : List.of(group));
    }

    private static Optional<String> sentence(List<String> unreadable, List<String> unwritable, List<String> closed) {
        List<String> missing = new ArrayList<>();
        if (!unreadable.isEmpty()) {
            missing.add(Denied.Right.READ.on(unreadable));
        }
        if (!unwritable.isEmpty()) {
            missing.add(Denied.Right.WRITE.on(unwritable));
        }
        closed.forEach(group -> missing.add(Denied.Right.READ.onGroup(group)));
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Kafka does not allow what a worker does: give this user " + String.join("; ", missing));
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
