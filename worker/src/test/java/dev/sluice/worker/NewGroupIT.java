package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.threads.WorkerException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests workers whose group has committed nothing, on queues that others have worked on or not. */
class NewGroupIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void aMistypedGroupIsRefusedWhereAnotherHasWorked() throws Exception {
        work(7);

        assertThatThrownBy(() -> Worker.start(config("mistyped", false)))
                .isInstanceOf(WorkerException.class)
                .hasMessageContainingAll(
                        "'mistyped'",
                        "'" + queue.group() + "'",
                        "up to 7 requests again",
                        "--group",
                        "--new-group",
                        "offsets.retention.minutes");
        assertThat(api.calls()).isEqualTo(7);
        assertThat(queue.read(queue.topics.replies())).hasSize(7);
    }

    /** The endings of express requests lie on the same topics as all others. */
    @Test
    void expressRequestsCountToo() throws Exception {
        queue.publishExpress("express", body("m", "text"), new RecordHeaders());
        work(2);
        queue.awaitReplies(3);

        assertThatThrownBy(() -> Worker.start(config("mistyped", false)))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("up to 3 requests again");
    }

    @Test
    void aNewGroupStartsWhereItIsAskedFor() throws Exception {
        work(3);

        try (Worker worker = Worker.start(config("second", true))) {
            queue.awaitReplies(6);
        }
        // It has committed since, so it is no new group any more.
        Worker.start(config("second", false)).close();
    }

    @Test
    void theGroupThatHasWorkedAndItsFurtherWorkersStart() throws Exception {
        work(3);

        try (Worker first = Worker.start(queue.config(api.baseUrl()));
                Worker second = Worker.start(queue.config(api.baseUrl()))) {
            queue.publish(body("m", "text"));
            queue.awaitReplies(4);
        }
    }

    @Test
    void aFirstGroupStartsOnAnEmptyQueueAndOnOneWhereRequestsWait() throws Exception {
        Worker.start(config("on-empty", false)).close();
        for (int i = 0; i < 3; i++) {
            queue.publish(body("m", "text"));
        }
        try (Worker worker = Worker.start(config("first", false))) {
            queue.awaitReplies(3);
        }
    }

    /** Workers that start together have the same right to begin. */
    @Test
    void aWorkerStartsBesideTheFirstOfItsNewGroup() throws Exception {
        work(3);
        api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofSeconds(3))));

        try (Worker first = Worker.start(config("second", true))) {
            await().until(() -> first.health().readinessFailures().isEmpty());
            Worker.start(config("second", false)).close();
        }
    }

    @Test
    void aGroupThatKafkaHasForgottenIsRefused() throws Exception {
        work(4);
        queue.admin().deleteConsumerGroups(List.of(queue.group())).all().get();

        assertThatThrownBy(() -> Worker.start(queue.config(api.baseUrl())))
                .isInstanceOf(WorkerException.class)
                .hasMessageContainingAll("forgotten", "up to 4 requests again", "--new-group", "--reset-offsets");
    }

    @Test
    void whatIsDeletedCostsNothing() throws Exception {
        work(4);
        for (int partition = 0; partition < TestQueue.PARTITIONS; partition++) {
            queue.admin()
                    .deleteRecords(Map.of(
                            new TopicPartition(queue.topics.requests(), partition), RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get();
        }
        queue.publish(body("m", "text"));

        try (Worker worker = Worker.start(config("second", false))) {
            queue.awaitReplies(5);
        }
    }

    /** An audit, such as Kafka Connect, reads the requests as well. It is no worker, and its group not one to join. */
    @Test
    void theFirstWorkersStartWhereAnAuditHasReadTheRequests() throws Exception {
        for (int i = 0; i < 3; i++) {
            queue.publish(body("m", "text"));
        }
        audit(1);

        try (Worker worker = Worker.start(config("first", false))) {
            queue.awaitReplies(3);
        }
    }

    @Test
    void noAuditIsTheGroupToSetInsteadOfAMistypedOne() throws Exception {
        work(4);
        queue.admin()
                .alterConsumerGroupOffsets(
                        queue.group(), Map.of(new TopicPartition(queue.topics.retry(), 0), new OffsetAndMetadata(0)))
                .all()
                .get();
        audit(1);

        assertThatThrownBy(() -> Worker.start(config("mistyped", false)))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("set --group to '" + queue.group() + "'. ")
                .hasMessageNotContaining("audit");
    }

    /** The group of the workers is forgotten, and that of the audit is not: to join that would lose requests. */
    @Test
    void anAuditIsNoRemedyForAGroupThatKafkaHasForgotten() throws Exception {
        work(4);
        queue.admin().deleteConsumerGroups(List.of(queue.group())).all().get();
        audit(1);

        assertThatThrownBy(() -> Worker.start(queue.config(api.baseUrl())))
                .isInstanceOf(WorkerException.class)
                .hasMessageContainingAll("forgotten", "up to 4 requests again", "--new-group", "--reset-offsets")
                .hasMessageNotContaining("set --group");
    }

    private void audit(long offset) throws Exception {
        for (int partition = 0; partition < TestQueue.PARTITIONS; partition++) {
            queue.admin()
                    .alterConsumerGroupOffsets(
                            "connect-audit",
                            Map.of(
                                    new TopicPartition(queue.topics.requests(), partition),
                                    new OffsetAndMetadata(offset)))
                    .all()
                    .get();
        }
    }

    /** An operator who moves a group to where it shall go on has decided what it calls. */
    @Test
    void aGroupWhoseOffsetsWereSetStarts() throws Exception {
        work(2);
        queue.admin()
                .alterConsumerGroupOffsets(
                        "moved", Map.of(new TopicPartition(queue.topics.requests(), 0), new OffsetAndMetadata(0)))
                .all()
                .get();

        Worker.start(config("moved", false)).close();
    }

    private void work(int requests) throws Exception {
        for (int i = 0; i < requests; i++) {
            queue.publish(body("m", "text"));
        }
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(requests);
            await().until(() -> queue.lag() == 0);
        }
    }

    private WorkerConfig config(String group, boolean newGroup) {
        WorkerConfig config = queue.config(api.baseUrl());
        WorkerConfig.Queue same = config.queue();
        return new WorkerConfig(
                new WorkerConfig.Queue(
                        same.topics(), group, newGroup, Optional.empty(), same.replyTopics(), same.kafka()),
                config.api(),
                config.pacing(),
                config.retries(),
                config.memory(),
                config.drainTimeout());
    }
}
