package dev.sluice.worker.topics;

import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;

/**
 * What Kafka's ACLs do not allow, in words that name the resource and the missing right; the same for the worker and for
 * all commands.
 */
public final class AclErrors {
    private AclErrors() {}

    /** What was tried, by the names that Kafka's ACLs have for it; its exceptions do not say that. */
    public enum Right {
        READ("Read"),
        WRITE("Write"),
        DESCRIBE("Describe"),
        CREATE("Create"),
        ALTER("Alter");

        private final String word;

        Right(String word) {
            this.word = word;
        }

        /** Such as {@code Read on topics a, b}. */
        String on(Collection<String> topics) {
            return word + " on " + named(topics);
        }

        /** A group is never written to: to commit its offsets is to read, too. */
        String onGroup(String group) {
            return (this == WRITE ? READ : this).word + " on " + named(group);
        }
    }

    private static String named(Collection<String> topics) {
        return (topics.size() == 1 ? "topic " : "topics ") + String.join(", ", new TreeSet<>(topics));
    }

    private static String named(String group) {
        return "consumer group '" + group + "'";
    }

    /** The same where nobody knows what was tried. */
    public static Optional<String> words(Throwable failure) {
        return refusal(failure)
                .map(refused -> "Kafka does not allow it: this user lacks a right on " + resource(refused)
                        + "; the log of the broker's authorizer names it");
    }

    /** Where the failure, or one of its causes, is a refusal: a sentence. */
    public static Optional<String> words(Throwable failure, Right tried) {
        return words(failure, tried, "");
    }

    /**
     * The same of a failure of a producer with transactions.
     *
     * @param transactionalId the one in use, which Kafka does not name
     */
    public static Optional<String> words(Throwable failure, Right tried, String transactionalId) {
        return refusal(failure)
                .map(refused -> "Kafka does not allow it: give this user " + missing(refused, tried, transactionalId));
    }

    private static Optional<AuthorizationException> refusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof AuthorizationException refused) {
                return Optional.of(refused);
            }
        }
        return Optional.empty();
    }

    private static String resource(AuthorizationException refused) {
        if (refused instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            return named(topics.unauthorizedTopics());
        }
        if (refused instanceof GroupAuthorizationException group && group.groupId() != null) {
            return named(group.groupId());
        }
        if (refused instanceof TransactionalIdAuthorizationException) {
            return "its transactional id";
        }
        return refused instanceof ClusterAuthorizationException
                ? "the cluster"
                : "what it has asked for (" + refused.getMessage() + ")";
    }

    private static String missing(AuthorizationException refused, Right tried, String transactionalId) {
        if (refused instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            return tried.on(topics.unauthorizedTopics());
        }
        if (refused instanceof GroupAuthorizationException group && group.groupId() != null) {
            return tried.onGroup(group.groupId());
        }
        if (refused instanceof TransactionalIdAuthorizationException) {
            return "Write on "
                    + (transactionalId.isEmpty()
                            ? "its transactional id"
                            : "transactional id '" + transactionalId + "'");
        }
        if (refused instanceof ClusterAuthorizationException) {
            return (tried == Right.WRITE ? "IdempotentWrite" : tried.word) + " on the cluster"
                    + (tried == Right.CREATE ? ", or on the topics by their names" : "");
        }
        return tried.word + " (" + refused.getMessage() + ")";
    }
}
