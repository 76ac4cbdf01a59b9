package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.WireForm;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Pins what doors of different releases find in one {@code --files-dir}. */
class StoredFormsTest {
    private static final BatchCounts COUNTS =
            new BatchCounts(100, 97, 2, new BatchUsage(1_000, 200, 3_000, 400, 4_000));
    private static final BatchOrder ORDER =
            new BatchOrder("file-1", "24h", 86_400, 2_592_000, Optional.of("team-a"), Map.of("purpose", "nightly"));

    @Test
    void statesOfBatchesAreWrittenAndReadAsBefore() throws Exception {
        BatchRun run = new BatchRun(2, 98, List.of(new BatchSegment("2.answers", 12_345)), true);
        StoredBatch batch = new StoredBatch(
                "batch_1",
                ORDER,
                1_764_086_400,
                Optional.of("openai/gpt-oss-20b"),
                BatchStatus.COMPLETED,
                Map.of(
                        BatchStatus.VALIDATING, 1_764_000_000L,
                        BatchStatus.IN_PROGRESS, 1_764_000_001L,
                        BatchStatus.FINALIZING, 1_764_000_060L,
                        BatchStatus.COMPLETED, 1_764_000_061L),
                Optional.of("file-2"),
                Optional.of("file-3"),
                COUNTS,
                List.of(),
                run);

        check("batch-state", batch);
        check(
                "batch-state-failed",
                new StoredBatch(
                        "batch_2",
                        ORDER,
                        1_764_086_400,
                        Optional.empty(),
                        BatchStatus.FAILED,
                        Map.of(BatchStatus.VALIDATING, 1_764_000_000L, BatchStatus.FAILED, 1_764_000_002L),
                        Optional.empty(),
                        Optional.empty(),
                        BatchCounts.NONE,
                        List.of(new BatchError("invalid_json_line", "words", 3)),
                        BatchRun.NONE));
    }

    private static void check(String name, StoredBatch batch) throws Exception {
        WireForm form = new WireForm(name);

        form.assertWritten(new String(BatchJson.stored(batch), UTF_8));
        for (String text : form.texts()) {
            assertThat(BatchJson.parse(text.getBytes(UTF_8))).isEqualTo(batch);
        }
    }

    @Test
    void theProgressOfABatchIsWrittenAndReadAsBefore() throws Exception {
        BatchProgress progress = new BatchProgress(98, COUNTS);
        WireForm form = new WireForm("batch-progress");

        form.assertWritten(new String(BatchJson.progress(progress), UTF_8));
        for (String text : form.texts()) {
            assertThat(BatchJson.parseProgress(text.getBytes(UTF_8))).isEqualTo(progress);
        }
    }

    @Test
    void descriptionsOfFilesAreWrittenAndReadAsBefore() throws Exception {
        StoredFile file = new StoredFile("file-1", 12_345, 1_764_000_000, "requests.jsonl", "batch", 1_766_592_000);
        WireForm form = new WireForm("stored-file");

        form.assertWritten(new String(file.bytesOfJson(), UTF_8));
        for (String text : form.texts()) {
            assertThat(StoredFile.parse(text.getBytes(UTF_8))).isEqualTo(file);
        }
    }
}
