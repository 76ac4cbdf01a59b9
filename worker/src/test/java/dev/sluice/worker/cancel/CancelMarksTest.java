package dev.sluice.worker.cancel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class CancelMarksTest {
    private static final long NEVER = Long.MAX_VALUE;
    private static final Headers NONE = new RecordHeaders();

    private final CancelMarks marks = new CancelMarks();

    @Test
    void aMarkOfAnIdNamesTheRequestsOfThisIdAlone() {
        marks.add(CancelMark.ofId("a"), 1_000, NEVER);

        assertThat(marks.include("a", 500, NONE)).isTrue();
        assertThat(marks.include("b", 500, headers(WireHeaders.GROUP, "a"))).isFalse();
    }

    @Test
    void aMarkOfAGroupNamesAllItsRequests() {
        marks.add(CancelMark.ofGroup("g"), 1_000, NEVER);

        assertThat(marks.include("a", 500, headers(WireHeaders.GROUP, "g"))).isTrue();
        assertThat(marks.include("b", 500, headers(WireHeaders.GROUP, "g"))).isTrue();
        assertThat(marks.include("g", 500, headers(WireHeaders.GROUP, "h"))).isFalse();
        assertThat(marks.include("g", 500, NONE)).isFalse();
    }

    @Test
    void correlationIdsMayBeAnyBytes() {
        byte[] correlation = {(byte) 0xff, 0, (byte) 0x80};
        marks.add(CancelMark.ofCorrelationId(correlation), 1_000, NEVER);

        assertThat(marks.include("a", 500, correlated(correlation))).isTrue();
        assertThat(marks.include("a", 500, correlated(new byte[] {(byte) 0xfe, 0, (byte) 0x80})))
                .isFalse();
    }

    /** Ids are not unique over time: a dead letter that is replayed keeps its id, and people choose ids. */
    @Test
    void aRequestThatIsPublishedLaterIsNotNamed() {
        marks.add(CancelMark.ofId("a"), 1_000, NEVER);

        assertThat(marks.include("a", 1_000, NONE)).isTrue();
        assertThat(marks.include("a", 2_000, NONE))
                .as("clocks of brokers may differ")
                .isTrue();
        assertThat(marks.include("a", 2_001, NONE)).isFalse();

        marks.add(CancelMark.ofId("a"), 3_000, NEVER);

        assertThat(marks.include("a", 2_001, NONE)).isTrue();
        assertThat(marks.size()).isEqualTo(1);
    }

    @Test
    void aMarkEndsAtItsTime() {
        marks.add(CancelMark.ofId("a"), 1_000, 5_000);
        marks.add(CancelMark.ofGroup("g"), 1_000, NEVER);

        marks.removeEnded(4_999);
        assertThat(marks.include("a", 500, NONE)).isTrue();

        marks.removeEnded(5_000);
        assertThat(marks.include("a", 500, NONE)).isFalse();
        assertThat(marks.include("b", 500, headers(WireHeaders.GROUP, "g"))).isTrue();
        assertThat(marks.size()).isEqualTo(1);
    }

    @Test
    void aSecondMarkEndsNoSoonerThanTheFirst() {
        marks.add(CancelMark.ofId("a"), 1_000, NEVER);
        marks.add(CancelMark.ofId("a"), 2_000, 5_000);

        marks.removeEnded(6_000);

        assertThat(marks.include("a", 500, NONE)).isTrue();
    }

    @Test
    void theOldestMarksAreForgottenBeyondTheBound() {
        CancelMarks few = new CancelMarks(3);
        IntStream.range(0, 5).forEach(i -> few.add(CancelMark.ofId("id-" + i), 1_000, NEVER));
        few.add(CancelMark.ofId("id-2"), 2_000, NEVER);
        few.add(CancelMark.ofGroup("g"), 2_000, NEVER);

        assertThat(few.size()).isEqualTo(3);
        assertThat(few.forgotten()).isEqualTo(3);
        assertThat(IntStream.range(0, 5).filter(i -> few.include("id-" + i, 500, NONE)))
                .containsExactly(2, 4);
        assertThat(few.include("", 500, headers(WireHeaders.GROUP, "g"))).isTrue();
    }

    /** Compares with a list of marks that are looked through one by one. */
    @Test
    void manyMarksAreWhatAPlainListOfThemSays() {
        record Plain(CancelMark mark, long writtenAt, long endsAt) {}
        Random random = new Random(17);
        List<Plain> plain = new ArrayList<>();
        for (long step = 0; step < 50_000; step++) {
            String name = "name-" + random.nextInt(200);
            if (random.nextInt(4) == 0) {
                CancelMark mark = random.nextBoolean() ? CancelMark.ofId(name) : CancelMark.ofGroup(name);
                long endsAt = random.nextBoolean() ? NEVER : step + random.nextInt(3_000);
                long lastEnd = plain.stream()
                        .filter(earlier -> earlier.mark().equals(mark))
                        .mapToLong(Plain::endsAt)
                        .reduce(endsAt, Math::max);
                plain.removeIf(earlier -> earlier.mark().equals(mark));
                plain.add(new Plain(mark, step, lastEnd));
                marks.add(mark, step, endsAt);
            }
            if (random.nextInt(1_000) == 0) {
                long now = random.nextInt(10) == 0 ? NEVER : step;
                plain.removeIf(earlier -> earlier.endsAt() <= now);
                marks.removeEnded(now);
            }
            String group = "name-" + random.nextInt(200);
            long publishedAt = step - random.nextInt(2_000);
            boolean isNamed = plain.stream()
                    .filter(mark -> publishedAt <= mark.writtenAt() + CancelMarks.CLOCK_DIFFERENCE.toMillis())
                    .map(Plain::mark)
                    .anyMatch(mark -> mark.equals(CancelMark.ofId(name)) || mark.equals(CancelMark.ofGroup(group)));
            assertThat(marks.include(name, publishedAt, headers(WireHeaders.GROUP, group)))
                    .as("step %d", step)
                    .isEqualTo(isNamed);
        }
        assertThat(marks.size()).isEqualTo(plain.size());
    }

    private static Headers headers(String name, String value) {
        return new RecordHeaders().add(name, value.getBytes(UTF_8));
    }

    private static Headers correlated(byte[] correlation) {
        return new RecordHeaders().add(WireHeaders.CORRELATION_ID, correlation);
    }
}
