package dev.sluice.worker.pool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.WireForm;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** Pins what workers of different releases tell each other about limits. */
class WorkerReportFormTest {
    @Test
    void reportsAreWrittenAndReadAsBefore() {
        BudgetReport requests = new BudgetReport(
                OptionalDouble.of(40), BudgetReport.Source.FOUND, 9.5, 23.875, 12, new Rejections(11, 2, 38.5));
        BudgetReport told = new BudgetReport(OptionalDouble.of(20), BudgetReport.Source.TOLD, 3, 9);
        WorkerReport report = new WorkerReport(
                7,
                "0.1.0",
                "host-1",
                Instant.parse("2026-11-29T12:00:00Z"),
                Duration.ofSeconds(3),
                3,
                12,
                List.of(new LaneReport("a", "held", "401 from the API", 12, 1, requests, told, 3)),
                List.of(new LaneReport("a+b", "limited", "", 5, 1, told, BudgetReport.NONE)),
                new CancelledReport(12, 10, 4_000),
                new CallsReport(900, 12, 3),
                new HeapReport(300_000_000, 768_000_000));
        WireForm form = new WireForm("worker-report");

        form.assertWritten(new String(WorkerReportJson.encode(report), UTF_8));
        assertThat(form.texts())
                .isNotEmpty()
                .allSatisfy(text -> assertThat(WorkerReportJson.decode(text.getBytes(UTF_8)))
                        .contains(report));
    }

    /** The list lies on the topic of the reports, and no release takes it for one. */
    @Test
    void theListOfModelsIsWrittenAndReadAsBefore() {
        WireForm form = new WireForm("models");
        byte[] list = "[{\"id\":\"openai/gpt-oss-20b\",\"object\":\"model\",\"type\":\"chat\"}]".getBytes(UTF_8);

        form.assertWritten(new ProducerRecord<>("chat.workers", 0, ModelsRecord.key(), list));
        assertThat(form.records()).isNotEmpty().allSatisfy(record -> {
            assertThat(ModelsRecord.isKey(record.key())).isTrue();
            assertThat(new PoolView().read(record, 0)).isEmpty();
        });
    }
}
