package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(90)
class ReplyConsumerIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private String base;
    private String group;
    private ManualResponder responder;
    private ChatQueue queue;

    @BeforeEach
    void open() throws Exception {
        base = kafka.uniqueName("chat");
        group = kafka.uniqueName("group");
        responder = new ManualResponder(kafka.bootstrapServers(), base);
        queue = ChatQueue.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(base)
                .build();
    }

    @AfterEach
    void close() {
        queue.close();
        responder.close();
    }

    @Test
    void handlesEveryCommittedReplyAndLeavesNoLag() {
        List<ConsumerRecord<byte[], byte[]>> taken = submitted(100);
        responder.replyAndAbort(taken, "aborted ");
        responder.reply(taken, "");

        try (ReplyConsumer replies = start(reply -> seen.add(reply.text()))) {
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() >= 100);
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(lag()).isZero());
            assertThat(replies.failure()).isEmpty();
        }

        assertThat(seen).hasSize(100).doesNotHaveDuplicates().noneMatch(text -> text.startsWith("aborted"));
    }

    @Test
    void resumesWhereItStopped() {
        List<ConsumerRecord<byte[], byte[]>> taken = submitted(20);
        responder.reply(taken.subList(0, 10), "");
        try (ReplyConsumer replies = start(reply -> seen.add(reply.id()))) {
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() >= 10);
            assertThat(replies.failure()).isEmpty();
        }
        responder.reply(taken.subList(10, 20), "");

        try (ReplyConsumer replies = start(reply -> seen.add(reply.id()))) {
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() >= 20);
            assertThat(replies.failure()).isEmpty();
        }

        assertThat(seen).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void retriesAFailedReplyAndLosesNoneWhenItStops() {
        responder.reply(submitted(5), "");
        AtomicInteger calls = new AtomicInteger();
        try (ReplyConsumer replies = start(reply -> {
            if (seen.size() == 2) {
                calls.incrementAndGet();
                throw new IllegalStateException("the database is away");
            }
            seen.add(reply.id());
        })) {
            assertThatThrownBy(replies.stopped()::join).hasRootCauseMessage("the database is away");
            assertThat(replies.failure()).isPresent();
        }
        assertThat(calls).hasValue(2);

        try (ReplyConsumer again = start(reply -> seen.add(reply.id()))) {
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() >= 5);
            assertThat(again.failure()).isEmpty();
        }

        assertThat(seen).hasSize(5).doesNotHaveDuplicates();
    }

    private List<ConsumerRecord<byte[], byte[]>> submitted(int count) {
        List<ChatRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(
                    ChatRequest.builder().model("m").user("Hi").id("id-" + i).build());
        }
        requests.stream().map(queue::submit).toList().forEach(receipt -> receipt.join());
        return responder.take(count);
    }

    private ReplyConsumer start(ReplyHandler handler) {
        return ReplyConsumer.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(base)
                .group(group)
                .handler(handler)
                .retries(1)
                .start();
    }

    /** Returns the end offset, transaction markers included, less the group's committed offset. */
    private long lag() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            TopicPartition partition = new TopicPartition(base + ".replies", 0);
            long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get()
                    .offset();
            var committed = admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .get(partition);
            return committed == null ? end : end - committed.offset();
        }
    }
}
