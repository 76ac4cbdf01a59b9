package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.worker.WireForm;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads what every release has put on the topics that workers read requests from. */
class RequestFormsTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final long ENQUEUED = 1_764_000_000_000L;

    private final RequestReader reader = new RequestReader(
            TOPICS, 1 << 20, new ReplyTopics(TOPICS, List.of()), new SettableClock(ENQUEUED + 10_000));

    @ParameterizedTest
    @ValueSource(strings = {"request", "express", "ask", "retry", "delay", "overflow", "express-retry"})
    void requestsOfEveryReleaseAreRead(String form) {
        assertThat(new WireForm(form).records())
                .isNotEmpty()
                .allSatisfy(record -> assertThat(read(record))
                        .isInstanceOfSatisfying(
                                ParsedRecord.Ready.class,
                                ready -> assertThat(ready.request().model()).isEqualTo("openai/gpt-oss-20b")));
    }

    @Test
    void whatARequestHasGoneThroughIsRead() {
        assertThat(new WireForm("retry").records()).isNotEmpty().allSatisfy(record -> {
            InputRecord retry = read(record).input();
            assertThat(retry.id()).isEqualTo("id-2");
            assertThat(retry.attempts()).isEqualTo(2);
            assertThat(retry.deferrals()).isEqualTo(4);
            assertThat(retry.notBefore()).isEqualTo(ENQUEUED + 9_000);
            assertThat(retry.enqueuedAt()).isEqualTo(ENQUEUED);
            assertThat(retry.expiresAt()).isEqualTo(1_764_000_120_000L);
            assertThat(retry.isAsk()).isTrue();
            assertThat(retry.isAbortable()).isTrue();
            assertThat(retry.declinesDeadLetter()).isTrue();
            assertThat(SuspicionLevel.of(retry)).isEqualTo(new SuspicionLevel(900, 20, 3, 1));
        });
        assertThat(new WireForm("delay").records())
                .allSatisfy(
                        record -> assertThat(read(record).input().notBefore()).isEqualTo(ENQUEUED + 90_000));
        assertThat(new WireForm("express-retry").records())
                .allSatisfy(
                        record -> assertThat(read(record).input().isExpress()).isTrue());
    }

    /** Members of a group tell each other this, whichever release they are of. */
    @Test
    @SuppressWarnings("removal") // only consumers make this otherwise
    void theAssignorTellsWhatItDidBefore() {
        BundleAssignor assignor = new BundleAssignor();
        TopicPartition owned = new TopicPartition(TOPICS.requests(), 3);
        assignor.onAssignment(
                new ConsumerPartitionAssignor.Assignment(List.of(owned)),
                new ConsumerGroupMetadata("sluice", 7, "member", Optional.empty()));
        ByteBuffer data = assignor.subscriptionUserData(Set.copyOf(TOPICS.inputs()));
        assertThat(data).isNotNull();
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);

        new WireForm("assignor")
                .assertWritten(assignor.name() + "\nversion " + assignor.version() + "\n"
                        + assignor.supportedProtocols() + "\n"
                        + HexFormat.of().formatHex(bytes));
    }

    private ParsedRecord read(ConsumerRecord<byte[], byte[]> record) {
        return reader.read(new Assignment(new TopicPartition(record.topic(), record.partition())), record);
    }
}
