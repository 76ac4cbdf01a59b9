package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.text.CommandException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HourHistoryTest {
    private static final long NOON = 1_800_000_000_000L;
    private static final int SAMPLES_OF_AN_HOUR = 360;

    @TempDir
    private Path folder;

    @Test
    void aRestartForgetsNothing() {
        try (HourHistory history = open(0)) {
            history.add(sample(0));
            history.add(sample(10));
        }

        try (HourHistory again = open(20)) {
            assertThat(again.samples()).containsExactly(sample(0), sample(10));
        }
    }

    @Test
    void theOldestGoAfterAnHourAndTheFileStaysSmall() throws Exception {
        long largest = 0;
        try (HourHistory history = open(0)) {
            for (int i = 0; i < 10 * SAMPLES_OF_AN_HOUR; i++) {
                history.add(sample(10 * i));
                largest = Math.max(largest, Files.size(file()));
            }
            assertThat(history.samples())
                    .hasSize(SAMPLES_OF_AN_HOUR)
                    .endsWith(sample(10 * (10 * SAMPLES_OF_AN_HOUR - 1)));
        }

        assertThat(largest).isLessThan(100 << 10);
        try (HourHistory again = open(10 * 10 * SAMPLES_OF_AN_HOUR)) {
            assertThat(again.samples()).hasSizeBetween(SAMPLES_OF_AN_HOUR - 1, SAMPLES_OF_AN_HOUR);
        }
    }

    @Test
    void whatIsOlderThanAnHourAtTheStartIsNotShown() {
        try (HourHistory history = open(0)) {
            history.add(sample(0));
            history.add(sample(1_800));
        }

        try (HourHistory again = open((int) Duration.ofMinutes(75).toSeconds())) {
            assertThat(again.samples()).containsExactly(sample(1_800));
        }
    }

    /** The process was killed while it wrote, or the disk was full. */
    @Test
    void aLineThatWasNotFinishedSpoilsNoOther() throws Exception {
        try (HourHistory history = open(0)) {
            history.add(sample(0));
        }
        Files.writeString(file(), sample(10).json().substring(0, 15) + "\u00fc", StandardOpenOption.APPEND);

        try (HourHistory again = open(20)) {
            again.add(sample(20));
            assertThat(again.samples()).containsExactly(sample(0), sample(20));
        }
        try (HourHistory third = open(30)) {
            assertThat(third.samples()).containsExactly(sample(0), sample(20));
        }
    }

    @Test
    void aClockThatIsSetBackReplacesWhatWasLater() {
        try (HourHistory history = open(0)) {
            history.add(sample(0));
            history.add(sample(20));
            history.add(sample(10));

            assertThat(history.samples()).containsExactly(sample(0), sample(10));
        }
    }

    @Test
    void aSecondConsoleOfTheQueueIsRefused() {
        try (HourHistory history = open(0)) {
            assertThat(history.samples()).isEmpty();
            assertThatThrownBy(() -> open(0))
                    .isInstanceOf(CommandException.class)
                    .hasMessageContaining("another console keeps the last hour of this queue")
                    .hasMessageContaining("--history-dir");
        }
        open(0).close();
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNamed() throws Exception {
        Path noDirectory = Files.writeString(folder.resolve("file"), "");

        assertThatThrownBy(() -> HourHistory.open(noDirectory.resolve("history"), NOON))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("cannot be kept in " + noDirectory)
                .hasMessageContaining("--history-dir");
    }

    @Test
    void aFileThatIsNoHistoryIsLeftAlone() throws Exception {
        byte[] large = new byte[2 << 20];
        Files.write(file(), large);

        assertThatThrownBy(() -> open(0)).hasMessageContaining("is no history; delete or move it");
        assertThat(Files.size(file())).isEqualTo(large.length);
    }

    /** The directory vanishes, as a volume may, and comes back. */
    @Test
    void whatTheDiskDidNotTakeIsWrittenLater() throws Exception {
        Path directory = folder.resolve("state");
        Path file = directory.resolve("history");
        try (HourHistory history = HourHistory.open(file, NOON)) {
            history.add(sample(0));
            Path away = Files.move(directory, folder.resolve("away"));
            history.add(sample(10));
            Path unused = Files.move(away, directory);
            history.add(sample(20));
        }

        try (HourHistory again = HourHistory.open(file, NOON + 30_000)) {
            assertThat(again.samples()).containsExactly(sample(0), sample(10), sample(20));
        }
    }

    private HourHistory open(int second) {
        return HourHistory.open(file(), NOON + second * 1_000L);
    }

    private Path file() {
        return folder.resolve("history");
    }

    private static QueueSample sample(int second) {
        return new QueueSample(NOON + second * 1_000L, new CallRates.PerSecond(second % 40 + 0.25, 0.5, 0), second, 1);
    }
}
