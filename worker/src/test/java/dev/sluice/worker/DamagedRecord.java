package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Damages a record on the disk of a stopped broker. */
public final class DamagedRecord {
    private DamagedRecord() {}

    /** Changes a character of {@code text} in the only segment of a partition. */
    public static void damage(Path partition, String text) throws IOException {
        Path segment = partition.resolve("00000000000000000000.log");
        int at = new String(Files.readAllBytes(segment), ISO_8859_1).indexOf(text);
        assertThat(at).isPositive();
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.seek(at);
            file.write('D');
        }
    }
}
