package dev.sluice.worker.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class AclErrorsTest {
    @Test
    void namesTheTopicAndTheRight() {
        assertThat(AclErrors.words(new TopicAuthorizationException(Set.of("chat.requests")), AclErrors.Right.WRITE))
                .contains("Kafka does not allow it: give this user Write on topic chat.requests");
        assertThat(AclErrors.words(new TopicAuthorizationException(Set.of("b", "a")), AclErrors.Right.READ))
                .contains("Kafka does not allow it: give this user Read on topics a, b");
    }

    @Test
    void namesTheGroup() {
        assertThat(AclErrors.words(GroupAuthorizationException.forGroupId("sluice"), AclErrors.Right.DESCRIBE))
                .contains("Kafka does not allow it: give this user Describe on consumer group 'sluice'");
        assertThat(AclErrors.words(GroupAuthorizationException.forGroupId("sluice"), AclErrors.Right.WRITE))
                .contains("Kafka does not allow it: give this user Read on consumer group 'sluice'");
    }

    @Test
    void namesTheTransactionalId() {
        assertThat(AclErrors.words(
                        new TransactionalIdAuthorizationException("Transactional Id authorization failed."),
                        AclErrors.Right.WRITE,
                        "sluice-dlq-replay:chat"))
                .contains("Kafka does not allow it: give this user Write on transactional id"
                        + " 'sluice-dlq-replay:chat'");
        assertThat(AclErrors.words(new TransactionalIdAuthorizationException("no"), AclErrors.Right.WRITE))
                .contains("Kafka does not allow it: give this user Write on its transactional id");
    }

    @Test
    void namesTheResourceIfTheRightIsUnknown() {
        assertThat(AclErrors.words(new KafkaException(new TopicAuthorizationException(Set.of("chat.requests")))))
                .contains("Kafka does not allow it: this user lacks a right on topic chat.requests; the log of the"
                        + " broker's authorizer names it");
        assertThat(AclErrors.words(GroupAuthorizationException.forGroupId("sluice")))
                .hasValueSatisfying(words -> assertThat(words).contains("on consumer group 'sluice';"));
        assertThat(AclErrors.words(new IllegalStateException("a defect"))).isEmpty();
    }

    @Test
    void namesTheClustersOwnRightForWriting() {
        assertThat(AclErrors.words(new ClusterAuthorizationException("no"), AclErrors.Right.WRITE))
                .contains("Kafka does not allow it: give this user IdempotentWrite on the cluster");
    }

    @Test
    void namesBothRightsThatAllowCreation() {
        assertThat(AclErrors.words(new ClusterAuthorizationException("no"), AclErrors.Right.CREATE))
                .contains("Kafka does not allow it: give this user Create on the cluster,"
                        + " or on the topics by their names");
    }

    @Test
    void findsADenialBehindOtherExceptions() {
        Exception wrapped = new ExecutionException(new KafkaException(new TopicAuthorizationException(Set.of("t"))));

        assertThat(AclErrors.words(wrapped, AclErrors.Right.READ)).isPresent();
        assertThat(AclErrors.words(new KafkaException("broker away"), AclErrors.Right.READ))
                .isEmpty();
    }
}
