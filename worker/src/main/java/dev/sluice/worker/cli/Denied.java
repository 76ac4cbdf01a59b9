package dev.sluice.worker.cli;

import java.util.Optional;
import java.util.TreeSet;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;

/** What Kafka's ACLs do not allow, in words that name the resource and the missing right; the same for all commands. */
final class Denied {
    private Denied() {}

    /** What was tried, by the names that Kafka's ACLs have for it; its exceptions do not say that. */
    enum Right {
        READ("Read"),
        WRITE("Write"),
        DESCRIBE("Describe"),
        CREATE("Create"),
        ALTER("Alter");

        private final String word;

        Right(String word) {
            this.word = word;
        }
    }

    /** Where the failure, or one of its causes, is a refusal: a sentence. */
    static Optional<String> words(Throwable failure, Right tried) {
        return words(failure, tried, "");
    }

    /** @param transactionalId the one in use, which Kafka does not name */
    static Optional<String> words(Throwable failure, Right tried, String transactionalId) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof AuthorizationException refused) {
                return Optional.of(
                        "Kafka does not allow it: give this user " + missing(refused, tried, transactionalId));
            }
        }
        return Optional.empty();
    }

    private static String missing(AuthorizationException refused, Right tried, String transactionalId) {
        if (refused instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            boolean one = topics.unauthorizedTopics().size() == 1;
            return tried.word
                    + (one ? " on topic " : " on topics ")
                    + String.join(", ", new TreeSet<>(topics.unauthorizedTopics()));
        }
        if (refused instanceof GroupAuthorizationException group && group.groupId() != null) {
            return tried.word + " on consumer group '" + group.groupId() + "'";
        }
        if (refused instanceof TransactionalIdAuthorizationException) {
            return "Write and Describe on transactional id '" + transactionalId + "'";
        }
        if (refused instanceof ClusterAuthorizationException) {
            return tried.word + " on the cluster" + (tried == Right.CREATE ? ", or on the topics by their names" : "");
        }
        return tried.word + " (" + refused.getMessage() + ")";
    }
}
