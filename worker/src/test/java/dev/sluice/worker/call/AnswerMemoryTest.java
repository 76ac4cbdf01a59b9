package dev.sluice.worker.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerMemoryTest {
    private static final int MAX = 1_000;

    private final AnswerMemory memory = new AnswerMemory(MAX);

    @Test
    void aboveTheBoundOnlyTheOldestIsRead() {
        FakeReader first = begin();
        FakeReader second = begin();
        second.grow(MAX);
        assertThat(second.isPaused).isFalse();

        first.grow(1);
        FakeReader third = begin();

        assertThat(first.isPaused).isFalse();
        assertThat(second.isPaused).isTrue();
        assertThat(third.isPaused).isTrue();
    }

    @Test
    void theNextOldestIsReadWhenTheOldestEnds() {
        FakeReader first = begin();
        FakeReader second = begin();
        FakeReader third = begin();
        second.grow(MAX);
        third.grow(MAX);

        memory.ends(first);

        assertThat(second.isPaused).isFalse();
        assertThat(third.isPaused).isTrue();

        memory.ends(second);
        assertThat(third.isPaused).isFalse();
        assertThat(memory.held()).isEqualTo(MAX);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void allAreReadToTheirEndAndTheMemoryStaysBounded(long seed) {
        Random random = new Random(seed);
        int largest = 400;
        List<FakeReader> reading = new ArrayList<>();
        int ended = 0;
        while (ended < 500) {
            if (reading.size() < 30) {
                reading.add(begin());
            }
            List<FakeReader> running =
                    reading.stream().filter(reader -> !reader.isPaused).toList();
            assertThat(running).isNotEmpty();
            FakeReader next = running.get(random.nextInt(running.size()));
            if (next.held >= largest) {
                reading.remove(next);
                memory.ends(next);
                ended++;
            } else {
                next.grow(1 + random.nextInt(largest - next.held));
            }
            assertThat(memory.held()).isLessThanOrEqualTo(MAX + 2 * largest);
        }
        reading.forEach(memory::ends);
        assertThat(memory.held()).isZero();
    }

    /** A stream lasts for as long as the API makes it. */
    @Test
    void aStreamIsReadOnOnlyWhereNoOtherAnswerIsRead() {
        FakeReader stream = begin(true);
        FakeReader later = begin(true);
        FakeReader whole = begin();
        stream.grow(MAX + 1);

        assertThat(List.of(stream.isPaused, later.isPaused, whole.isPaused)).containsExactly(true, true, false);

        memory.ends(whole);
        assertThat(List.of(stream.isPaused, later.isPaused)).containsExactly(false, true);

        FakeReader next = begin();
        assertThat(List.of(stream.isPaused, later.isPaused, next.isPaused)).containsExactly(true, true, false);

        memory.ends(stream);
        assertThat(List.of(later.isPaused, next.isPaused)).containsExactly(false, false);
    }

    private FakeReader begin() {
        return begin(false);
    }

    private FakeReader begin(boolean isStream) {
        FakeReader reader = new FakeReader(isStream);
        memory.begins(reader);
        return reader;
    }

    private final class FakeReader implements AnswerMemory.Reader {
        private final boolean isStream;
        private boolean isPaused;
        private int held;

        FakeReader(boolean isStream) {
            this.isStream = isStream;
        }

        void grow(int bytes) {
            held += bytes;
            memory.grew(this, bytes);
        }

        @Override
        public void pause() {
            isPaused = true;
        }

        @Override
        public void resume() {
            isPaused = false;
        }

        @Override
        public boolean isStream() {
            return isStream;
        }

        @Override
        public int heldBytes() {
            return held;
        }
    }
}
