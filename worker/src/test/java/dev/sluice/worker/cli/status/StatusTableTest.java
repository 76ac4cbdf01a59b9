package dev.sluice.worker.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.LaneReport;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.status.GroupStatus;
import dev.sluice.worker.status.PartitionBacklog;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.TopicBacklog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StatusTableTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @Test
    void aLongQueueWithManyWorkersFitsEightyColumns() {
        TopicBacklog requests = backlog("requests", 123_456_789_012L, 345_678, false, 7_384_000);
        GroupStatus.Member worker = new GroupStatus.Member(
                "d2719c44-7a0c-4c7e-9f8a-0d3a5d9d7a11", "192.168.200.100", Set.of(0, 1, 2), List.of());
        GroupStatus group = new GroupStatus("sluice", "stable", List.of(worker));

        String text = print(group, requests, List.of());

        assertThat(text.lines()).allMatch(line -> line.length() <= 80);
        assertThat(text)
                .contains("queue chat, group sluice (stable), at ")
                .containsPattern("requests +<= 123,456,789,012 +2h3m4s +345,678 +123,457,134,690")
                .containsPattern("d2719c44-7a0c-4c7e-9f8a-0d3a5d9d7a11 +192.168.200.100 +3 of 12 +25 %")
                .contains("<=: at most so many");
    }

    @Test
    void anEmptyQueueIsShort() {
        String text =
                print(new GroupStatus("sluice", "empty", List.of()), backlog("requests", 0, 0, true, -1), List.of());

        assertThat(text).containsPattern("requests +0 +- +0 +0").doesNotContain("<=", "WORKER", "problem");
    }

    /** While workers run, a drained overflow may fill again at any time. */
    @Test
    void tellsWhetherAnEarlierReleaseMayTakeOver() {
        GroupStatus none = new GroupStatus("sluice", "empty", List.of());
        GroupStatus one = new GroupStatus(
                "sluice", "stable", List.of(new GroupStatus.Member("one", "host", Set.of(0), List.of())));
        TopicBacklog requests = backlog("requests", 0, 0, true, -1);

        assertThat(print(none, requests, true, List.of()))
                .contains("overflow is drained: workers of a release without it may take over");
        assertThat(print(one, requests, true, List.of())).doesNotContain("overflow");
        assertThat(List.of(print(none, requests, false, List.of()), print(one, requests, false, List.of())))
                .allSatisfy(
                        text -> assertThat(text).contains("overflow is not drained: workers of a release without it"))
                .allSatisfy(text -> assertThat(text.lines()).allMatch(line -> line.length() <= 80));
    }

    @Test
    void deadLettersThatWereNotAllReadAreAnUpperBound() {
        GroupStatus group = new GroupStatus("sluice", "empty", List.of());
        TopicBacklog requests = backlog("requests", 0, 0, true, -1);

        String text = print(group, requests, backlog("dead", 1_234_567, 0, false, 7_384_000), true, List.of());

        assertThat(text)
                .containsPattern("dead letters +<= 1,234,567 +2h3m4s")
                .contains("<=: at most so many", "not all dead letters were read");
        assertThat(text.lines()).allMatch(line -> line.length() <= 80);
        assertThat(print(group, backlog("requests", 600, 0, false, 1), List.of()))
                .contains("<=: at most so many")
                .doesNotContain("not all dead letters");
    }

    @Test
    void problemsComeLast() {
        String text = print(
                new GroupStatus("sluice", "empty", List.of()),
                backlog("requests", 0, 0, true, -1),
                List.of("no worker runs"));

        assertThat(text).endsWith("problem: no worker runs" + System.lineSeparator());
    }

    @Test
    void lanesOfAllWorkersAreSummedUpWithTheRemedyOfWhatIsStopped() {
        BudgetReport requests = new BudgetReport(OptionalDouble.of(1_000), BudgetReport.Source.TOLD, 38.25, 168);
        BudgetReport tokens = new BudgetReport(OptionalDouble.of(0.0125), BudgetReport.Source.FOUND, 0.01, 0);
        PoolReading pool = new PoolReading(
                PoolReading.State.ALIVE,
                Map.of(
                        "a", report(new LaneReport("openai/gpt-oss-120b", "flowing", "", 12, 1, requests, tokens)),
                        "b",
                                report(new LaneReport(
                                        "openai/gpt-oss-120b", "held", "402", 1_234_567, 0, requests, tokens))),
                "");

        String text = print(pool, false);

        assertThat(text)
                .containsPattern("openai/gpt-oss-120b +held +1,234,579 +1 +76.5 +1,000 +told")
                .containsPattern("in tokens +0.02 +45/h +found")
                .contains("openai/gpt-oss-120b is held at 1 of 2 workers: 402; the account has no credit")
                .doesNotContain("WORKER");
        assertThat(text.lines().filter(line -> !line.contains(" is held at "))).allMatch(line -> line.length() <= 80);
        assertThat(print(pool, true))
                .containsPattern("a +openai/gpt-oss-120b +flowing")
                .contains("WORKER");
    }

    @Test
    void limitsThatModelsHaveInCommonComeBehindTheLanes() {
        BudgetReport none = new BudgetReport(OptionalDouble.empty(), BudgetReport.Source.NONE, 6, 0);
        BudgetReport told = new BudgetReport(OptionalDouble.of(20), BudgetReport.Source.TOLD, 9.5, 12);
        BudgetReport tokens = new BudgetReport(OptionalDouble.of(400_000 / 86_400.0), BudgetReport.Source.TOLD, 2, 0);
        LaneReport lane = new LaneReport("m", "limited", "", 7, 2, none, none);
        LaneReport group = new LaneReport("m+other", "limited", "", 7, 3, told, tokens);
        PoolReading pool = new PoolReading(
                PoolReading.State.ALIVE, Map.of("a", grouped(lane, group), "b", grouped(lane, group)), "");

        assertThat(print(pool, false))
                .containsPattern("m +limited +14 +4 +12 +- +-\\s+in common: m\\+other +limited +14 +6 +19 +20 +told"
                        + "\\s+in tokens +4 +4\\.63 +told");
        assertThat(print(pool, true)).containsPattern("a +in common: m\\+other +limited +7 +3 +9\\.5 +20 +told");
    }

    private static WorkerReport grouped(LaneReport lane, LaneReport group) {
        CancelledReport nothing = new CancelledReport(0, 0, 0);
        return new WorkerReport(1, "1", "h", NOW, Duration.ofSeconds(3), 1, 12, List.of(lane), List.of(group), nothing);
    }

    @Test
    void thatLanesAreNotKnownIsOneSentence() {
        assertThat(print(PoolReading.none(PoolReading.State.MISSING, "topic chat.workers does not exist"), true))
                .endsWith("lanes are not known: topic chat.workers does not exist" + System.lineSeparator()
                        + System.lineSeparator()
                        + "overflow is drained: workers of a release without it may take over"
                        + System.lineSeparator());
        assertThat(print(PoolReading.none(PoolReading.State.SILENT, "no worker has reported"), false))
                .as("a group without workers is a problem that is named already")
                .doesNotContain("lanes");
    }

    @Test
    void ownerlessBundlesAreKnownInAStableGroupOnly() {
        GroupStatus.Member worker = new GroupStatus.Member("one", "host", Set.of(0, 2), List.of());

        assertThat(new GroupStatus("sluice", "stable", List.of(worker)).ownerless(4))
                .containsExactly(1, 3);
        assertThat(new GroupStatus("sluice", "preparing_rebalance", List.of(worker)).ownerless(4))
                .isEmpty();
    }

    /** @param ageMillis the age of the oldest request, or a negative number if none waits */
    private static TopicBacklog backlog(String kind, long open, long ended, boolean exact, long ageMillis) {
        OptionalLong oldest = ageMillis < 0 ? OptionalLong.empty() : OptionalLong.of(NOW.toEpochMilli() - ageMillis);
        return new TopicBacklog(
                "chat." + kind, kind, true, List.of(new PartitionBacklog(0, open + ended, ended, open, exact, oldest)));
    }

    private static String print(GroupStatus group, TopicBacklog requests, List<String> problems) {
        return print(group, requests, true, problems);
    }

    private static String print(
            GroupStatus group, TopicBacklog requests, boolean overflowDrained, List<String> problems) {
        return print(group, requests, backlog("dead", 0, 0, true, -1), overflowDrained, problems);
    }

    private static String print(
            GroupStatus group,
            TopicBacklog requests,
            TopicBacklog dead,
            boolean overflowDrained,
            List<String> problems) {
        QueueStatus status =
                new QueueStatus("chat", NOW, 12, group, List.of(requests), overflowDrained, dead, problems);
        return print(status, new PoolReading(PoolReading.State.ALIVE, Map.of(), ""), false);
    }

    private static String print(QueueStatus status, PoolReading pool, boolean workers) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StatusTable.print(new PrintStream(out, true, UTF_8), status, pool, workers);
        return out.toString(UTF_8);
    }

    private static String print(PoolReading pool, boolean workers) {
        GroupStatus group = new GroupStatus("sluice", "empty", List.of());
        TopicBacklog none = backlog("requests", 0, 0, true, -1);
        return print(new QueueStatus("chat", NOW, 12, group, List.of(none), true, none, List.of()), pool, workers);
    }

    @Test
    void whatWasCancelledIsSummedOverTheWorkers() {
        WorkerReport first = cancelled(new CancelledReport(1_000, 900, 50_000));
        WorkerReport second = cancelled(new CancelledReport(200, 200, 10_000));

        assertThat(print(new PoolReading(PoolReading.State.ALIVE, Map.of("a", first, "b", second), ""), false))
                .contains("cancelled by the workers that run: 1,200 requests, which spared 1,100 calls and about 60,000"
                        + " tokens");
        assertThat(print(new PoolReading(PoolReading.State.ALIVE, Map.of("a", report()), ""), false))
                .doesNotContain("cancelled");
    }

    private static WorkerReport cancelled(CancelledReport cancelled) {
        return new WorkerReport(1, "1", "h", NOW, Duration.ofSeconds(3), 1, 12, List.of(), List.of(), cancelled);
    }

    private static WorkerReport report(LaneReport... lanes) {
        return new WorkerReport(1, "1", "h", NOW, Duration.ofSeconds(3), 1, 12, List.of(lanes));
    }
}
