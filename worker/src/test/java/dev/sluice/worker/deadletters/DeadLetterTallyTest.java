package dev.sluice.worker.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class DeadLetterTallyTest {
    private static final long START = 3_000_000_000L;

    @Test
    void itCountsLikeASetOfOffsets() {
        Random random = new Random(11);
        DeadLetterTally tally = new DeadLetterTally(START);
        TreeSet<Long> expected = new TreeSet<>();
        long end = START;
        for (int i = 0; i < 300_000; i++) {
            end += 1 + random.nextInt(2); // markers of transactions in between
            if (random.nextInt(3) == 0) {
                long letter = START + random.nextLong(end - START);
                tally.add(mark(end, letter));
                expected.remove(letter);
            } else {
                tally.add(letter(end));
                expected.add(end);
            }
            if (i % 50_000 == 49_999) {
                long begin = START + random.nextLong(end - START);
                tally.forgetBefore(begin);
                expected.headSet(begin).clear();
                assertThat(tally.first()).hasValue(expected.first());
                assertThat(tally.letters()).isEqualTo(expected.size());
            }
        }
        assertThat(tally.next()).isEqualTo(end + 1);

        tally.forgetBefore(end + 1);
        assertThat(tally.letters()).isZero();
        assertThat(tally.first()).isEmpty();
    }

    /** A read that failed may begin at a record again that it has added already. */
    @Test
    void aRecordThatWasAddedBeforeIsIgnored() {
        DeadLetterTally tally = new DeadLetterTally(5);
        tally.add(letter(5));
        tally.add(mark(6, 5));
        tally.add(letter(5));

        assertThat(tally.letters()).isZero();
        assertThat(tally.next()).isEqualTo(7);
    }

    @Test
    void aLogThatWasCutOrMadeAnewIsAnotherOne() {
        DeadLetterTally tally = new DeadLetterTally(5);
        tally.add(letter(5));
        tally.skipTo(8);

        assertThat(tally.isOf(5, 8)).isTrue();
        assertThat(tally.isOf(7, 9)).isTrue();
        assertThat(tally.isOf(5, 7)).isFalse();
        assertThat(tally.isOf(0, 9)).isFalse();
    }

    private static ConsumerRecord<byte[], byte[]> letter(long offset) {
        return record(offset, Map.of(WireHeaders.REASON, "rejected"));
    }

    private static ConsumerRecord<byte[], byte[]> mark(long offset, long letter) {
        return record(offset, Map.of(WireHeaders.REPLAYED, Long.toString(letter)));
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, Map<String, String> headers) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("chat.requests.dead", 0, offset, null, null);
        headers.forEach((name, value) -> record.headers().add(name, value.getBytes(UTF_8)));
        return record;
    }
}
