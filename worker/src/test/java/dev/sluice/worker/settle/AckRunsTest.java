package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AckRunsTest {
    private static final String PREFIX = "sluice:";
    /** The most trailing zeros of a length, in bits. They are not written. */
    private static final int TRAILING_ZEROS = Long.SIZE;

    /** A change of one of these texts needs a new version number. */
    @Test
    void theFormatIsPinned() {
        assertThat(AckRuns.NONE.encode(42)).isEmpty();
        assertThat(AckRuns.of(1, 2).encode(0)).isEqualTo("sluice:AY4UfL8F");
        assertThat(AckRuns.of(12, 15, 17, 18).encode(10)).isEqualTo("sluice:AcuvSHzLAQ");
        assertThat(AckRuns.of(129, 258).encode(1)).isEqualTo("sluice:AaHMGJxAIBAE");
        assertThat(AckRuns.of(1, Long.MAX_VALUE).encode(0)).isEqualTo("sluice:AdddO3IBAAAAAAAAgP////////8/");
    }

    @Test
    void emptyMetadataIsNoRuns() {
        assertThat(AckRuns.decode("", 42)).isEqualTo(new AckRuns.Runs(AckRuns.NONE));
    }

    @Test
    void runsAtTheGreatestOffsetsComeBack() {
        assertComesBack(AckRuns.of(1, Long.MAX_VALUE), 0);
        assertComesBack(AckRuns.of(Long.MAX_VALUE - 1, Long.MAX_VALUE), 0);
        assertComesBack(AckRuns.of(Long.MAX_VALUE - 1, Long.MAX_VALUE), Long.MAX_VALUE - 2);
    }

    @Test
    void randomRunsComeBackAndTakeThePredictedSize() {
        for (int seed = 0; seed < 5_000; seed++) {
            Random random = new Random(seed);
            long committed = random.nextInt(3) == 0 ? 0 : random.nextLong(1L << random.nextInt(1, 60));
            AckRuns runs = randomRuns(random, committed);

            String metadata = assertComesBack(runs, committed);

            long[] bounds = runs.bounds();
            long lengthBits = AckRuns.lengthBits(committed, bounds[0]);
            for (int i = 1; i < bounds.length; i++) {
                lengthBits += AckRuns.lengthBits(bounds[i - 1], bounds[i]);
            }
            assertThat(metadata)
                    .as("seed %d", seed)
                    .hasSizeBetween((int) AckRuns.encodedSize(lengthBits - TRAILING_ZEROS), (int)
                            AckRuns.encodedSize(lengthBits));
        }
    }

    @Test
    void countsTheDoneOffsetsWithinBounds() {
        AckRuns runs = AckRuns.of(12, 15, 17, 18, 30, 40);

        assertThat(runs.count(0, 100)).isEqualTo(14);
        assertThat(runs.count(14, 31)).isEqualTo(3);
        assertThat(runs.count(15, 17)).isZero();
        assertThat(runs.count(20, 10)).isZero();
        assertThat(AckRuns.NONE.count(0, Long.MAX_VALUE)).isZero();
    }

    @Test
    void otherMetadataIsForeign() {
        for (String metadata :
                new String[] {"x", "sluice", "Sluice:AQ", "{\"a\":1}", "bG9jYWxob3N0", " sluice:", "\0"}) {
            assertThat(AckRuns.decode(metadata, 0)).as(metadata).isEqualTo(new AckRuns.Foreign());
        }
    }

    @Test
    void anotherVersionIsUnknown() {
        assertThat(AckRuns.decode(PREFIX + base64(2, 1, 2, 3), 0)).isEqualTo(new AckRuns.UnknownVersion(2));
        assertThat(AckRuns.decode(PREFIX + base64(255), 0)).isEqualTo(new AckRuns.UnknownVersion(255));
    }

    @Test
    void metadataBesideAnotherOffsetIsCorrupt() {
        String metadata = AckRuns.of(12, 15, 17, 18).encode(10);

        for (long committed : new long[] {0, 9, 11, 12, 1000, Long.MAX_VALUE, -1}) {
            assertThat(AckRuns.decode(metadata, committed)).isEqualTo(new AckRuns.Corrupt());
        }
    }

    @Test
    void malformedMetadataIsCorrupt() {
        String sound = AckRuns.of(12, 15, 17, 18).encode(10);

        assertThat(AckRuns.decode(PREFIX, 10)).isEqualTo(new AckRuns.Corrupt());
        assertThat(AckRuns.decode(PREFIX + "?", 10)).isEqualTo(new AckRuns.Corrupt());
        assertThat(AckRuns.decode(PREFIX + "AQé", 10)).isEqualTo(new AckRuns.Corrupt());
        assertThat(AckRuns.decode(PREFIX + base64(1), 10)).isEqualTo(new AckRuns.Corrupt());
        assertThat(AckRuns.decode(PREFIX + base64(1, 0, 0, 0, 0), 10)).isEqualTo(new AckRuns.Corrupt());
        assertThat(AckRuns.decode(sound + "=", 10)).isEqualTo(new AckRuns.Corrupt());
        assertThat(AckRuns.decode(sound + sound, 10)).isEqualTo(new AckRuns.Corrupt());
    }

    @Test
    void aTruncatedOrFlippedTextNeverReadsAsOtherRuns() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            String metadata = randomRuns(random, 7).encode(7);
            byte[] bytes = Base64.getDecoder().decode(metadata.substring(PREFIX.length()));
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            String flipped = PREFIX + Base64.getEncoder().withoutPadding().encodeToString(bytes);
            char[] chars = metadata.toCharArray();
            chars[random.nextInt(chars.length)] ^= (char) (1 << random.nextInt(Character.SIZE));
            String truncated = metadata.substring(0, random.nextInt(1, metadata.length()));

            for (String damaged : new String[] {flipped, new String(chars), truncated}) {
                assertThat(AckRuns.decode(damaged, 7)).as("seed %d", seed).isNotInstanceOf(AckRuns.Runs.class);
            }
        }
    }

    @Test
    void decodingEndsWhateverTheText() {
        for (int seed = 0; seed < 5_000; seed++) {
            Random random = new Random(seed);
            byte[] bytes = new byte[random.nextInt(1, 64)];
            random.nextBytes(bytes);
            bytes[0] = (byte) random.nextInt(3);
            String text = new String(bytes, StandardCharsets.UTF_16);
            String encoded = Base64.getEncoder().withoutPadding().encodeToString(bytes);

            assertThat(AckRuns.decode(text, 0)).isInstanceOf(AckRuns.Decoded.class);
            assertThat(AckRuns.decode(PREFIX + text, 0)).as("seed %d", seed).isNotInstanceOf(AckRuns.Runs.class);
            assertThat(AckRuns.decode(PREFIX + encoded, random.nextLong()))
                    .as("seed %d", seed)
                    .isNotInstanceOf(AckRuns.Runs.class);
        }
    }

    @Test
    void aLongTextNeedsMemoryInProportionOnly() {
        byte[] bytes = new byte[1 << 20];
        bytes[0] = 1;

        assertThat(AckRuns.decode(PREFIX + Base64.getEncoder().encodeToString(bytes), 0))
                .isEqualTo(new AckRuns.Corrupt());
    }

    @Test
    void boundsThatMakeNoRunsAreRefused() {
        assertThatThrownBy(() -> AckRuns.of(1, 2, 2, 3)).hasMessageContaining("do not ascend");
        assertThatThrownBy(() -> AckRuns.of(1, 1)).hasMessageContaining("do not ascend");
        assertThatThrownBy(() -> AckRuns.of(1, 2, 3)).hasMessageContaining("no end");
        assertThatThrownBy(() -> AckRuns.of(5, 6).encode(5)).hasMessageContaining("not below [5,6)");
    }

    @Test
    void runsAreValues() {
        assertThat(AckRuns.of(1, 2)).isEqualTo(AckRuns.of(1, 2)).hasSameHashCodeAs(AckRuns.of(1, 2));
        assertThat(AckRuns.of(1, 2)).isNotEqualTo(AckRuns.of(1, 3)).hasToString("[1,2)");
        assertThat(AckRuns.of()).isEqualTo(AckRuns.NONE).hasToString("");
    }

    private static String assertComesBack(AckRuns runs, long committed) {
        String metadata = runs.encode(committed);
        assertThat(metadata).matches("sluice:[A-Za-z0-9+/]+");
        assertThat(AckRuns.decode(metadata, committed)).isEqualTo(new AckRuns.Runs(runs));
        return metadata;
    }

    private static AckRuns randomRuns(Random random, long committed) {
        long[] bounds = new long[2 * random.nextInt(1, 20)];
        long bound = committed;
        for (int i = 0; i < bounds.length; i++) {
            bound += random.nextLong(1, 1L << random.nextInt(1, 50));
            bounds[i] = bound;
        }
        return AckRuns.of(bounds);
    }

    private static String base64(int... bytes) {
        byte[] raw = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            raw[i] = (byte) bytes[i];
        }
        return Base64.getEncoder().withoutPadding().encodeToString(raw);
    }
}
