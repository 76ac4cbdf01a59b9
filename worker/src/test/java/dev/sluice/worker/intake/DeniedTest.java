package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class DeniedTest {
    @Test
    void aTopicIsNamedWithTheRight() {
        assertThat(Denied.words(new TopicAuthorizationException(Set.of("chat.requests")), Denied.Right.WRITE))
                .contains("Kafka does not allow it: give this user Write on topic chat.requests");
        assertThat(Denied.words(new TopicAuthorizationException(Set.of("b", "a")), Denied.Right.READ))
                .contains("Kafka does not allow it: give this user Read on topics a, b");
    }

    @Test
    void aGroupIsNamed() {
        assertThat(Denied.words(GroupAuthorizationException.forGroupId("sluice"), Denied.Right.DESCRIBE))
                .contains("Kafka does not allow it: give this user Describe on consumer group 'sluice'");
        assertThat(Denied.words(GroupAuthorizationException.forGroupId("sluice"), Denied.Right.WRITE))
                .contains("Kafka does not allow it: give this user Read on consumer group 'sluice'");
    }

    @Test
    void aTransactionalIdIsNamed() {
        assertThat(Denied.words(
                        new TransactionalIdAuthorizationException("Transactional Id authorization failed."),
                        Denied.Right.WRITE,
                        "sluice-dlq-replay:chat"))
                .contains("Kafka does not allow it: give this user Write on transactional id"
                        + " 'sluice-dlq-replay:chat'");
        assertThat(Denied.words(new TransactionalIdAuthorizationException("no"), Denied.Right.WRITE))
                .contains("Kafka does not allow it: give this user Write on its transactional id");
    }

    @Test
    void whereNobodyKnowsTheRightTheResourceIsNamed() {
        assertThat(Denied.words(new KafkaException(new TopicAuthorizationException(Set.of("chat.requests")))))
                .contains("Kafka does not allow it: this user lacks a right on topic chat.requests; the log of the"
                        + " broker's authorizer names it");
        assertThat(Denied.words(GroupAuthorizationException.forGroupId("sluice")))
                .hasValueSatisfying(words -> assertThat(words).contains("on consumer group 'sluice';"));
        assertThat(Denied.words(new IllegalStateException("a defect"))).isEmpty();
    }

    @Test
    void onTheClusterToWriteHasAnotherName() {
        assertThat(Denied.words(new ClusterAuthorizationException("no"), Denied.Right.WRITE))
                .contains("Kafka does not allow it: give this user IdempotentWrite on the cluster");
    }

    @Test
    void topicsMayBeCreatedByOneOfTwoRights() {
        assertThat(Denied.words(new ClusterAuthorizationException("no"), Denied.Right.CREATE))
                .contains(
                        "Kafka does not allow it: give this user Create on the cluster, or on the topics by their names");
    }

    @Test
    void aRefusalIsFoundBehindWhatWrapsIt() {
        Exception wrapped = new ExecutionException(new KafkaException(new TopicAuthorizationException(Set.of("t"))));

        assertThat(Denied.words(wrapped, Denied.Right.READ)).isPresent();
        assertThat(Denied.words(new KafkaException("broker away"), Denied.Right.READ))
                .isEmpty();
    }
}
