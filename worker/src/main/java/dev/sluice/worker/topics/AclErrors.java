package dev.sluice.worker.topics;

import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;

/** Describes errors of Kafka's ACLs in sentences that name the resource and the missing right. */
public final class AclErrors {
    private AclErrors() {}

    /** The right that an attempt needed. Kafka's exceptions do not say it. */
    public enum Right {
        READ("Read"),
        WRITE("Write"),
        DESCRIBE("Describe"),
        CREATE("Create"),
        ALTER("Alter"),
        ALTER_CONFIGS("AlterConfigs");

        private final String word;

        Right(String word) {
            this.word = word;
        }

        /** Returns text such as {@code Read on topics a, b}. */
        String on(Collection<String> topics) {
            return word + " on " + named(topics);
        }

        String onGroup(String group) {
            // groups have no Write: committing offsets needs Read, too
            return (this == WRITE ? READ : this).word + " on " + named(group);
        }
    }

    private static String named(Collection<String> topics) {
        return (topics.size() == 1 ? "topic " : "topics ") + String.join(", ", new TreeSet<>(topics));
    }

    private static String named(String group) {
        return "consumer group '" + group + "'";
    }

    /** Returns a sentence that names the resource if the failure or a cause of it is an authorization error. */
    public static Optional<String> words(Throwable failure) {
        return denial(failure)
                .map(denial -> "Kafka does not allow it: this user lacks a right on " + resource(denial)
                        + "; the log of the broker's authorizer names it");
    }

    /** Returns a sentence that names the missing right if the failure or a cause of it is an authorization error. */
    public static Optional<String> words(Throwable failure, Right tried) {
        return words(failure, tried, "");
    }

    /**
     * Returns the same sentence for a failure of a transactional producer.
     *
     * @param transactionalId the id of the producer, which Kafka's exception does not name
     */
    public static Optional<String> words(Throwable failure, Right tried, String transactionalId) {
        return denial(failure)
                .map(denial -> "Kafka does not allow it: give this user " + missing(denial, tried, transactionalId));
    }

    /** Returns the authorization error that a failure is, or that has caused it. */
    private static Optional<AuthorizationException> denial(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof AuthorizationException denial) {
                return Optional.of(denial);
            }
        }
        return Optional.empty();
    }

    private static String resource(AuthorizationException denial) {
        if (denial instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            return named(topics.unauthorizedTopics());
        }
        if (denial instanceof GroupAuthorizationException group && group.groupId() != null) {
            return named(group.groupId());
        }
        if (denial instanceof TransactionalIdAuthorizationException) {
            return "its transactional id";
        }
        return denial instanceof ClusterAuthorizationException
                ? "the cluster"
                : "what it has asked for (" + denial.getMessage() + ")";
    }

    private static String missing(AuthorizationException denial, Right tried, String transactionalId) {
        if (denial instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            return tried.on(topics.unauthorizedTopics());
        }
        if (denial instanceof GroupAuthorizationException group && group.groupId() != null) {
            return tried.onGroup(group.groupId());
        }
        if (denial instanceof TransactionalIdAuthorizationException) {
            return "Write on "
                    + (transactionalId.isEmpty()
                            ? "its transactional id"
                            : "transactional id '" + transactionalId + "'");
        }
        if (denial instanceof ClusterAuthorizationException) {
            return (tried == Right.WRITE ? "IdempotentWrite" : tried.word) + " on the cluster"
                    + (tried == Right.CREATE ? ", or on the topics by their names" : "");
        }
        return tried.word + " (" + denial.getMessage() + ")";
    }
}
