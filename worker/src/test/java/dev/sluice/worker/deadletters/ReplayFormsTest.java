package dev.sluice.worker.deadletters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.worker.WireForm;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Pins what replays of different releases find in the dead-letter topic, and what workers read of them. */
class ReplayFormsTest {
    private final DeadLetter letter =
            DeadLetter.of(new WireForm("dead-letter").records().get(0));

    @Test
    void replaysAreWrittenAsBefore() {
        ReplayRecords records = new ReplayRecords(new Topics("chat"), "ops");

        new WireForm("replayed-request")
                .assertWritten(records.request(letter, letter.record().value(), 0));
        new WireForm("replay-mark").assertWritten(records.mark(letter));
    }

    @Test
    void marksOfEveryReleaseAreUnderstood() {
        assertThat(new WireForm("replay-mark").records()).isNotEmpty().allSatisfy(kept -> {
            ConsumerRecord<byte[], byte[]> mark = behind(kept);
            ReplayMarks marks = new ReplayMarks();
            marks.add(mark);

            assertThat(ReplayMarks.isMark(mark)).isTrue();
            assertThat(marks.contains(letter)).isTrue();
        });
    }

    /** Returns a mark at an offset behind that of the letter. */
    private ConsumerRecord<byte[], byte[]> behind(ConsumerRecord<byte[], byte[]> kept) {
        return new ConsumerRecord<>(
                kept.topic(),
                kept.partition(),
                letter.record().offset() + 1,
                kept.timestamp(),
                kept.timestampType(),
                kept.serializedKeySize(),
                kept.serializedValueSize(),
                kept.key(),
                kept.value(),
                kept.headers(),
                kept.leaderEpoch());
    }
}
