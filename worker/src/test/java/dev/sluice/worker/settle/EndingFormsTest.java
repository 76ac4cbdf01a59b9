package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.WireForm;
import dev.sluice.worker.deadletters.DeadLetter;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.provider.ApiError;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Pins what workers of different releases find on each other's topics and in each other's offsets. */
class EndingFormsTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final long ENQUEUED = 1_764_000_000_000L;
    private static final long ENDED = ENQUEUED + 8_000;
    private static final byte[] ANSWER =
            "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Hi!\"}}]}".getBytes(UTF_8);
    private static final ReplyRoute ROUTE = new ReplyRoute(TOPICS.replies(), 258, 258, null);

    private final OutputRecords output = new OutputRecords(TOPICS, () -> ENDED);

    @Test
    void repliesAndDeadLettersAreWrittenAsBefore() {
        Outcome.DeadLetter dead = new Outcome.DeadLetter(
                        Reason.REJECTED, OptionalInt.of(400), "words", 1, "400 invalid_request_error", 100)
                .saying(new ApiError("words", "invalid_request_error", "context_length_exceeded", "messages"));
        List<ProducerRecord<byte[], byte[]>> given = of("request", TOPICS.requests(), dead);

        new WireForm("reply").assertWritten(only("ask", TOPICS.retry(), new Outcome.Reply(200, ANSWER, 3_000)));
        new WireForm("streamed-reply")
                .assertWritten(only(
                        "ask",
                        TOPICS.requests(),
                        new Outcome.Reply(200, ANSWER, 3_000, Optional.of("00112233aabbccdd"))));
        new WireForm("dead-letter").assertWritten(given.get(0));
        new WireForm("failed-reply").assertWritten(given.get(1));
        new WireForm("cancelled-reply")
                .assertWritten(
                        only("request", TOPICS.requests(), new Outcome.Unawaited(Reason.CANCELLED, "words", 0, 0)));
    }

    @Test
    void whatWorkersHandOnIsWrittenAsBefore() {
        SuspicionLevel suspicion = new SuspicionLevel(900, 20, 3, 1);

        new WireForm("retry")
                .assertWritten(only(
                        "ask",
                        TOPICS.requests(),
                        new Outcome.Requeue(Optional.empty(), ENQUEUED + 9_000, 2, 4, "500", suspicion)));
        new WireForm("delay")
                .assertWritten(only(
                        "ask",
                        TOPICS.requests(),
                        new Outcome.Requeue(Optional.of(Tier.ONE_MINUTE), ENQUEUED + 90_000, 0, 0, "")));
        new WireForm("express-retry")
                .assertWritten(only(
                        "express",
                        TOPICS.express(),
                        new Outcome.Requeue(Optional.empty(), ENQUEUED + 9_000, 1, 0, "timeout")));
        new WireForm("overflow").assertWritten(only("request", TOPICS.requests(), new Outcome.Move(25)));
    }

    @Test
    void deadLettersOfEveryReleaseAreRead() {
        assertThat(new WireForm("dead-letter").records()).isNotEmpty().allSatisfy(record -> {
            DeadLetter letter = DeadLetter.of(record);
            assertThat(letter.id()).isEqualTo("id-1");
            assertThat(letter.header(WireHeaders.REASON)).contains("rejected");
            assertThat(letter.header(WireHeaders.ORIGIN)).contains("chat.requests-3@17");
            assertThat(letter.header(WireHeaders.ERROR_CODE)).contains("context_length_exceeded");
        });
    }

    @Test
    void theOffsetsBeyondTheCommittedOneAreWrittenAndReadAsBefore() {
        AckRuns runs = AckRuns.of(1_001, 1_002, 1_005, 1_300, 4_000, 4_001);
        WireForm form = new WireForm("offset-metadata");

        form.assertWritten(runs.encode(1_000));
        assertThat(form.texts())
                .isNotEmpty()
                .allSatisfy(
                        metadata -> assertThat(AckRuns.decode(metadata, 1_000)).isEqualTo(new AckRuns.Runs(runs)));
    }

    private ProducerRecord<byte[], byte[]> only(String form, String topic, Outcome outcome) {
        List<ProducerRecord<byte[], byte[]>> records = of(form, topic, outcome);
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    /** Returns what ends a request that has the headers and the value of a form. */
    private List<ProducerRecord<byte[], byte[]>> of(String form, String topic, Outcome outcome) {
        ConsumerRecord<byte[], byte[]> kept = new WireForm(form).records().get(0);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                topic,
                3,
                kept.offset(),
                kept.timestamp(),
                kept.timestampType(),
                kept.serializedKeySize(),
                kept.serializedValueSize(),
                kept.key(),
                kept.value(),
                kept.headers(),
                Optional.empty());
        String id = WireHeaders.text(kept.headers(), WireHeaders.ID).orElseThrow();
        int attempts = topic.equals(TOPICS.retry()) ? 2 : 0;
        InputRecord input = new InputRecord(
                new Assignment(new TopicPartition(topic, 3)),
                record,
                id,
                attempts,
                2 * attempts,
                ENQUEUED,
                0,
                Long.MAX_VALUE);
        return output.of(new Settlement(input, outcome, Settlement.Form.AS_ASKED, ENDED), ROUTE);
    }
}
