package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UuidV7Test {
    private static final long START = Instant.parse("2026-11-24T00:00:00Z").toEpochMilli();

    private final SettableClock clock = new SettableClock(START);

    @Test
    void hasVersionVariantAndTimeInTheirPlaces() {
        UuidV7 ids = new UuidV7(clock, new Random(1));

        UUID id = ids.next();

        assertThat(id.version()).isEqualTo(7);
        assertThat(id.variant()).isEqualTo(2);
        assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(START);
    }

    @Test
    void increasesWhateverTheClockDoes() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            UuidV7 ids = new UuidV7(clock, random);
            String last = "";
            for (int i = 0; i < 2_000; i++) {
                clock.millis.addAndGet(random.nextInt(-3, 4));

                UUID id = ids.next();

                assertThat(id.toString()).isGreaterThan(last);
                assertThat(id.version()).isEqualTo(7);
                assertThat(id.variant()).isEqualTo(2);
                last = id.toString();
            }
        }
    }

    @Test
    void borrowsTheNextMillisecondAfterAnOverflow() {
        UuidV7 ids = new UuidV7(clock, new MaxRandom());

        UUID last = ids.next();
        UUID next = ids.next();

        assertThat(last)
                .isEqualTo(UUID.fromString(
                        String.format("%08x-%04x-7fff-bfff-ffffffffffff", START >> 16, START & 0xffff)));
        assertThat(next.getMostSignificantBits() >>> 16).isEqualTo(START + 1);
    }

    @Test
    void isUniqueAcrossThreads() {
        UuidV7 ids = new UuidV7(clock, new Random(7));
        Set<UUID> made = ConcurrentHashMap.newKeySet();

        IntStream.range(0, 20_000).parallel().forEach(i -> made.add(ids.next()));

        assertThat(made).hasSize(20_000);
    }

    private static final class MaxRandom implements RandomGenerator {
        @Override
        public long nextLong() {
            return -1;
        }

        @Override
        public int nextInt(int bound) {
            return bound - 1;
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    }

    private static final class SettableClock extends Clock {
        private final AtomicLong millis;

        SettableClock(long millis) {
            this.millis = new AtomicLong(millis);
        }

        @Override
        public long millis() {
            return millis.get();
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis.get());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
