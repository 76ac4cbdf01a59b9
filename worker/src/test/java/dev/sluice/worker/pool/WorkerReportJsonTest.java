package dev.sluice.worker.pool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerReportJsonTest {
    private static final WorkerReport REPORT = new WorkerReport(
            7,
            "0.1.0",
            "host-1",
            Instant.parse("2026-11-29T12:00:00Z"),
            Duration.ofSeconds(3),
            3,
            12,
            List.of(new LaneReport(
                    "openai/gpt-oss-20b",
                    "held",
                    "401 from the API",
                    12,
                    1,
                    new BudgetReport(OptionalDouble.of(40), BudgetReport.Source.TOLD, 9.5, 23.875),
                    BudgetReport.NONE)));

    @Test
    void aReportComesBackAsItWas() {
        assertThat(WorkerReportJson.decode(WorkerReportJson.encode(REPORT))).contains(REPORT);
    }

    /** Releases that do not know the record must not take it for the report of a worker. */
    @Test
    void aListOfModelsIsNoReport() {
        assertThat(WorkerReportJson.decode("[]".getBytes(UTF_8))).isEmpty();
        assertThat(WorkerReportJson.decode("[{\"v\":1,\"id\":\"m\"}]".getBytes(UTF_8)))
                .isEmpty();
    }

    @Test
    void whatPilotsAndFollowersTellComesBackAsItWas() {
        BudgetReport followed = new BudgetReport(
                OptionalDouble.of(40), BudgetReport.Source.FOUND, 9.5, 23.875, 12, new Rejections(11, 2, 38.5));
        LaneReport lane = new LaneReport("m", "limited", "", 1, 0, followed, BudgetReport.NONE, 3);
        WorkerReport report = new WorkerReport(1, "", "", Instant.EPOCH, Duration.ofSeconds(3), 1, 1, List.of(lane));
        byte[] encoded = WorkerReportJson.encode(report);

        assertThat(new String(encoded, UTF_8))
                .contains("\"term\":3,")
                .contains("\"epoch\":12,\"rejected\":{\"epoch\":11,\"calls\":2,\"shown\":38.5}");
        assertThat(WorkerReportJson.decode(encoded)).contains(report);
    }

    @Test
    void theFormIsTheDocumentedOne() {
        assertThat(new String(WorkerReportJson.encode(REPORT), UTF_8))
                .isEqualTo("{\"v\":1,\"seq\":7,\"version\":\"0.1.0\",\"host\":\"host-1\","
                        + "\"started\":\"2026-11-29T12:00:00Z\",\"valid_ms\":3000,\"bundles\":3,\"width\":12,"
                        + "\"lanes\":[{\"model\":\"openai/gpt-oss-20b\",\"state\":\"held\","
                        + "\"cause\":\"401 from the API\",\"waiting\":12,\"in_flight\":1,"
                        + "\"requests\":{\"limit\":40.0,\"source\":\"told\",\"spent\":9.5,\"wanted\":23.875},"
                        + "\"tokens\":{\"source\":\"none\",\"spent\":0.0,\"wanted\":0.0}}]}");
    }

    @Test
    void whatANewerReleaseAddsIsIgnored() {
        Optional<WorkerReport> newer = read("{'v':2,'seq':1,'bundles':2,'width':4,'valid_ms':3000,'color':{'a':[1]},"
                + "'lanes':[{'model':'m','state':'dreaming','requests':{'limit':5,'source':'guessed','wanted':1}}]}");

        assertThat(newer).hasValueSatisfying(report -> {
            assertThat(report.bundles()).isEqualTo(2);
            assertThat(report.lanes().get(0).requests().source()).isEqualTo(BudgetReport.Source.NONE);
        });
    }

    @Test
    void numbersThatMakeNoSenseDoLeast() {
        WorkerReport report = read("{'v':1,'bundles':-5,'width':-1,'valid_ms':999999999999,'lanes':[{'model':'m',"
                        + "'waiting':-3,'requests':{'limit':-1,'spent':1e999,'wanted':'many'}},3,null]}")
                .orElseThrow();

        assertThat(report.bundles()).isZero();
        assertThat(report.width()).isZero();
        assertThat(report.validity()).isEqualTo(Duration.ofMinutes(1));
        LaneReport lane = report.lanes().get(0);
        assertThat(lane.waiting()).isZero();
        assertThat(lane.requests()).isEqualTo(BudgetReport.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "null", "[]", "12", "'v'", "{", "{}", "{'v':'x'}", "{'v':-1}", "{'v':1,'started':'today'}"})
    void whatIsNoReportIsEmpty(String text) {
        assertThat(read(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(doubles = {40, 1.5, 1 / 60.0, 2 / 60.0, 1 / 86_400.0, 1_500_000})
    void slowLimitsAreToldAsExactlyAsFastOnes(double limit) {
        BudgetReport told = new BudgetReport(OptionalDouble.of(limit), BudgetReport.Source.TOLD, 0, limit);
        LaneReport lane = new LaneReport("m", "limited", "", 1, 0, told, BudgetReport.NONE);
        WorkerReport report = new WorkerReport(1, "", "", Instant.EPOCH, Duration.ofSeconds(3), 1, 1, List.of(lane));

        double read = WorkerReportJson.decode(WorkerReportJson.encode(report))
                .map(known -> known.lanes().get(0))
                .map(known -> known.requests().limit().orElse(0))
                .orElseThrow();

        assertThat(read).isCloseTo(limit, withinPercentage(0.01));
    }

    @Test
    void groupsOfModelsAndWhatWasCancelledAreBesideTheLanes() {
        BudgetReport told = new BudgetReport(OptionalDouble.of(20), BudgetReport.Source.TOLD, 3, 9);
        LaneReport group = new LaneReport("a+b", "limited", "", 5, 1, told, BudgetReport.NONE);
        WorkerReport report = new WorkerReport(
                1,
                "",
                "",
                Instant.EPOCH,
                Duration.ofSeconds(3),
                1,
                1,
                List.of(),
                List.of(group),
                new CancelledReport(12, 10, 4_000));

        byte[] value = WorkerReportJson.encode(report);

        assertThat(new String(value, UTF_8))
                .contains("\"groups\":[{\"group\":\"a+b\"")
                .contains("\"cancelled\":{\"requests\":12,\"spared_calls\":10,\"spared_tokens\":4000}")
                .doesNotContain("model");
        assertThat(WorkerReportJson.decode(value)).contains(report);
    }

    @Test
    void callsAndMemoryAreBesideTheLanesAndInTheSummary() {
        WorkerReport report = new WorkerReport(
                1,
                "",
                "",
                Instant.EPOCH,
                Duration.ofSeconds(3),
                1,
                1,
                List.of(LaneReport.NONE),
                List.of(),
                CancelledReport.NONE,
                new CallsReport(900, 12, 3),
                new HeapReport(300_000_000, 768_000_000));

        byte[] value = WorkerReportJson.encode(report);

        assertThat(new String(value, UTF_8))
                .endsWith("\"calls\":{\"answered\":900,\"rate_limited\":12,\"failed\":3},"
                        + "\"heap\":{\"used\":300000000,\"max\":768000000}}");
        assertThat(WorkerReportJson.decode(value)).contains(report);
        assertThat(WorkerReportJson.summary(report).has("lanes")).isFalse();
        assertThat(WorkerReportJson.summary(report).at("/calls/answered").asLong())
                .isEqualTo(900);
    }

    @Test
    void aRecordThatIsTooLargeIsNotRead() {
        assertThat(read("{'v':1,'x':'" + "y".repeat(2 << 20) + "'}")).isEmpty();
    }

    private static Optional<WorkerReport> read(String text) {
        return WorkerReportJson.decode(text.replace('\'', '"').getBytes(UTF_8));
    }
}
