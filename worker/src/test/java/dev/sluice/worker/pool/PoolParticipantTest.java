package dev.sluice.worker.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PoolParticipantTest {
    private static final Instant STARTED = Instant.ofEpochSecond(1_800_000_000);
    private static final LaneReport NOTHING = new LaneReport("m", "flowing", "", 0, 0, told(0), BudgetReport.NONE);

    private final PoolParticipant participant = new PoolParticipant("me", STARTED);
    private long now = 5_000_000_000L;
    private long offset;

    @Test
    void nothingIsLentBeforeTheOwnReportIsReadBack() {
        WorkerReport own = next(report(1, backlog())).orElseThrow();
        read("other", report(3, NOTHING));
        assertThat(lent()).isEmpty();

        read("me", own);

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part).isCloseTo(1, within(1e-6)));
    }

    /** A model may have the name of a group. */
    @Test
    void theLimitOfAGroupIsLentBesideThoseOfItsModels() {
        LaneReport unknown = new LaneReport("m", "limited", "", 500, 4, BudgetReport.NONE, BudgetReport.NONE);
        WorkerReport own = next(withGroup(report(1, unknown), backlog())).orElseThrow();
        read("other", withGroup(report(3, unknown), NOTHING));
        read("me", own);

        LentShares shares = participant.shares(now).orElseThrow();

        assertThat(shares.of("m").requests()).isNotInstanceOf(LimitPart.Named.class);
        assertThat(shares.ofGroup("m").requests())
                .isInstanceOfSatisfying(
                        LimitPart.Named.class, part -> assertThat(part.share()).isCloseTo(1, within(1e-6)));
    }

    private static WorkerReport withGroup(WorkerReport report, LaneReport group) {
        return new WorkerReport(
                0,
                report.version(),
                report.host(),
                report.started(),
                report.validity(),
                report.bundles(),
                report.width(),
                report.lanes(),
                List.of(group),
                CancelledReport.NONE);
    }

    @Test
    void whatIsLentEndsTwoAndAHalfSecondsAfterTheReportWasSent() {
        WorkerReport own = next(report(1, backlog())).orElseThrow();
        pass(1_000);
        read("me", own);
        assertThat(participant.shares(now).orElseThrow().validUntil() - now)
                .isEqualTo(Duration.ofMillis(1_500).toNanos());

        pass(1_500);
        assertThat(participant.shares(now)).isEmpty();
    }

    @Test
    void anEarlierStartOfTheSameNameIsNotThisWorker() {
        next(report(1, backlog()));
        read("me", report(1, backlog(), STARTED.minusSeconds(60)).numbered(1));

        assertThat(participant.shares(now)).isEmpty();
    }

    @Test
    void aSilentWorkerKeepsItsPartWhileItMaySpendItAndAfterTheGroupHasGivenItsBundlesToOthers() {
        read("other", report(3, NOTHING));
        for (int seconds = 0; seconds < 20; seconds++) {
            WorkerReport own = next(report(1, backlog())).orElseThrow();
            pass(10);
            read("me", own);
            boolean isAlive = seconds < 3;
            boolean isSurelySilent = seconds >= 7 && seconds < 15;
            double part = isAlive || isSurelySilent ? 1 : 0.25;
            assertThat(lent())
                    .as("after %s s", seconds)
                    .hasValueSatisfying(lent -> assertThat(lent).isCloseTo(part, within(1e-6)));
            pass(1_000);
        }
    }

    @Test
    void aWorkerThatLeavesIsForgottenAtOnce() {
        read("other", report(3, NOTHING));
        read("me", next(report(1, backlog())).orElseThrow());
        read(record("other", null));

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part).isCloseTo(0.25, within(1e-6)));
    }

    @Test
    void foreignRecordsAreIgnored() {
        read("other", report(3, NOTHING));
        read("me", next(report(1, backlog())).orElseThrow());
        read(record("other", "no JSON"));
        read(record("third", "[]"));
        read(record("third", "{\"v\":0,\"bundles\":100}"));
        read(record(null, "{\"v\":1,\"bundles\":100}"));
        read(record("x".repeat(5_000), "{\"v\":1,\"bundles\":100,\"valid_ms\":60000}"));

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part).isCloseTo(1, within(1e-6)));
    }

    @Test
    void aLimitThatNobodyNamesHasThePartOfItsBundlesWhileItHasNoPilot() {
        read("other", report(2, found(0, 0, Rejections.NONE)));
        read("me", next(report(1, found(100, 0, Rejections.NONE))).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("m").requests()).isEqualTo(LimitPart.UNKNOWN);
    }

    @Test
    void aFollowerSpendsItsPartOfWhatThePilotHasFound() {
        read("pilot", report(3, found(100, 2, Rejections.NONE)));
        read("me", next(report(1, found(100, 0, Rejections.NONE))).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("m").requests())
                .isEqualTo(new LimitPart.Followed(0.25, 40, 30, 7, 0));
    }

    @Test
    void ofTwoPilotsTheOneOfTheHigherTermIsFollowed() {
        read("new", report(1, found(100, 3, Rejections.NONE, 20)));
        read("old", report(2, found(100, 2, Rejections.NONE)));
        read("me", next(report(1, found(100, 0, Rejections.NONE))).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("m").requests())
                .isEqualTo(new LimitPart.Followed(0.25, 20, 15, 7, 0));
    }

    @Test
    void followersGoDownAtOnceWhenARejectionShowsThatTheLimitHasFallen() {
        read("pilot", report(2, found(100, 2, Rejections.NONE)));
        read("other", report(1, found(100, 0, new Rejections(7, 1, 10))));
        read("me", next(report(1, found(100, 0, Rejections.NONE))).orElseThrow());
        assertThat(participant.shares(now).orElseThrow().of("m").requests())
                .isEqualTo(new LimitPart.Followed(0.25, 10, 30, 7, 0));

        read("other", report(1, found(100, 0, new Rejections(6, 1, 10))));

        assertThat(participant.shares(now).orElseThrow().of("m").requests())
                .as("a rejection of an earlier epoch")
                .isEqualTo(new LimitPart.Followed(0.25, 40, 30, 7, 0));
    }

    @Test
    void thePilotIsToldWhatIsRejectedElsewhereSinceTheLastEpoch() {
        Rejections late = new Rejections(6, 2, 35);
        read("me", next(report(2, found(100, 0, Rejections.NONE))).orElseThrow());
        read("other", report(1, found(90, 0, late)));
        read("third", report(1, found(80, 0, new Rejections(3, 9, 1))));
        participant.shares(now);
        pass(100);

        read("me", next(report(2, found(100, 0, Rejections.NONE))).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("m").requests())
                .isEqualTo(new LimitPart.Piloted(0.5, 40, 20, List.of(late), 0));
    }

    @Test
    void workersGoOnOneAfterAnotherAfterAPause() {
        read("first", report(1, found(100, 2, Rejections.NONE)));
        read("second", report(1, found(100, 0, Rejections.NONE)));
        read("me", next(report(1, found(100, 0, Rejections.NONE))).orElseThrow());
        read("zero", report(1, found(100, 0, Rejections.NONE)));

        assertThat(participant.shares(now).orElseThrow().of("m").requests().place())
                .as("first, me, second, zero")
                .isEqualTo(0.25);
    }

    /** The pace asks whether the share is less than 1. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.3, 1, 1.1, 3, 9.7, 40, 1_000})
    void whoHasAllOfALimitHasItExactly(double limit) {
        read("me", next(report(4, found(10_000, 0, Rejections.NONE, limit))).orElseThrow());
        participant.shares(now);
        pass(100);
        read("me", next(report(4, found(10_000, 0, Rejections.NONE, limit))).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("m").requests())
                .isInstanceOfSatisfying(
                        LimitPart.Piloted.class,
                        part -> assertThat(part.share()).isEqualTo(1));
    }

    @Test
    void whatOthersSpendIsKnownWhileThereIsNoLimit() {
        read("pilot", report(2, unlimited(2, 3_000)));
        read("other", report(1, unlimited(0, 500)));
        read("me", next(report(1, unlimited(0, 100))).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("m").tokens())
                .isEqualTo(new LimitPart.Followed(0.25, Double.POSITIVE_INFINITY, 3_500, 0, 0));
    }

    private static LaneReport unlimited(long term, double spent) {
        BudgetReport tokens = new BudgetReport(OptionalDouble.empty(), BudgetReport.Source.NONE, spent, 9_000);
        return new LaneReport("m", "flowing", "", 9, 1, BudgetReport.NONE, tokens, term);
    }

    private static LaneReport found(double wanted, long term, Rejections rejections) {
        return found(wanted, term, rejections, 40);
    }

    private static LaneReport found(double wanted, long term, Rejections rejections, double limit) {
        BudgetReport requests =
                new BudgetReport(OptionalDouble.of(limit), BudgetReport.Source.FOUND, 10, wanted, 7, rejections);
        return new LaneReport("m", "limited", "", 9, 1, requests, BudgetReport.NONE, term);
    }

    @Test
    void aReportIsWrittenEachSecondAndAtMostTenTimesASecond() {
        int written = 0;
        for (int i = 0; i < 4_000; i += 25) {
            written += next(report(1, NOTHING)).isPresent() ? 1 : 0;
            pass(25);
        }
        assertThat(written).as("while nothing changes").isEqualTo(4);

        written = 0;
        for (int i = 0; i < 4_000; i += 25) {
            written += next(report(1, i % 50 == 0 ? NOTHING : backlog())).isPresent() ? 1 : 0;
            pass(25);
        }
        assertThat(written).as("while demand comes and goes").isBetween(30, 40);
    }

    @Test
    void demandIsToldAtOnce() {
        next(report(1, NOTHING));
        pass(100);
        assertThat(next(report(1, backlog()))).isPresent();
        pass(100);
        assertThat(next(report(1, backlog()))).as("the same once more").isEmpty();
        assertThat(next(report(2, backlog()))).as("another number of bundles").isPresent();
    }

    @Test
    void theFirstRejectionsOfAnEpochAreToldAtOnceAndMoreOfThemATenthOfASecondLater() {
        next(report(1, found(100, 0, Rejections.NONE)));
        pass(10);
        assertThat(next(report(1, found(100, 0, new Rejections(7, 1, 30))))).isPresent();
        pass(90);
        LaneReport twoRejected = found(100, 0, new Rejections(7, 2, 30));
        assertThat(next(report(1, twoRejected))).as("one more").isEmpty();
        pass(10);
        assertThat(next(report(1, twoRejected))).as("a tenth of a second later").isPresent();
        pass(10);
        assertThat(next(report(1, found(100, 0, new Rejections(8, 1, 30)))))
                .as("in the next epoch")
                .isPresent();
    }

    @Test
    void aNewEpochIsToldAtOnce() {
        next(report(1, found(100, 3, Rejections.NONE)));
        pass(10);
        BudgetReport lowered =
                new BudgetReport(OptionalDouble.of(30), BudgetReport.Source.FOUND, 10, 100, 8, Rejections.NONE);

        assertThat(next(report(1, new LaneReport("m", "limited", "", 9, 1, lowered, BudgetReport.NONE, 3))))
                .isPresent();
    }

    @Test
    void moreWorkersThanCanBeRememberedDoNotDriveOutThoseThatAreKnown() {
        read("other", report(3, NOTHING));
        List<WorkerReport> strangers = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            read("stranger-" + i, report(0, NOTHING));
            strangers.add(report(0, NOTHING));
        }
        read("me", next(report(1, backlog())).orElseThrow());

        assertThat(strangers).hasSize(5_000);
        assertThat(lent())
                .as("unknown to itself, it has only its own part")
                .hasValueSatisfying(part -> assertThat(part).isLessThanOrEqualTo(1));
    }

    @Test
    void twoOfOneNameHaveTheLimitOnce() {
        Instant before = STARTED.minusSeconds(60);
        PoolParticipant zombie = new PoolParticipant("me", before);
        WorkerReport first = zombie.next(report(2, backlog(), before), now).orElseThrow();
        WorkerReport second = next(report(2, backlog())).orElseThrow();
        for (ConsumerRecord<byte[], byte[]> record :
                List.of(recordOf("other", report(2, NOTHING)), recordOf("me", second), recordOf("me", first))) {
            zombie.read(record, now);
            participant.read(record, now);
        }

        double sum = lent().orElse(0.0)
                + zombie.shares(now).map(PoolParticipantTest::named).orElse(0.0);
        assertThat(sum).isLessThanOrEqualTo(1);
    }

    @Test
    void bundlesThatOnlyAnotherKnowsAreNotLent() {
        read("other", report(2, NOTHING, STARTED, 8));
        read("me", next(report(2, backlog())).orElseThrow());

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part).isCloseTo(0.5, within(1e-6)));
    }

    @Test
    void aWorkerWhoseModelsShareALaneKeepsItsPart() {
        LaneReport shared = new LaneReport("", "limited", "", 500, 4, told(500), BudgetReport.NONE);
        read("other", report(3, shared));
        read("me", next(report(1, backlog())).orElseThrow());

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part).isCloseTo(0.25, within(1e-6)));
    }

    @Test
    void theLaneThatModelsShareIsNotLent() {
        LaneReport shared = new LaneReport("", "limited", "", 500, 4, told(500), BudgetReport.NONE);
        read("other", report(3, NOTHING));
        read("me", next(report(1, shared)).orElseThrow());

        assertThat(participant.shares(now).orElseThrow().of("")).isEqualTo(LentShares.Parts.UNKNOWN);
    }

    @Test
    void theLeastLimitThatAnyOfThemWasToldIsDivided() {
        BudgetReport lower = new BudgetReport(OptionalDouble.of(20), BudgetReport.Source.TOLD, 0, 4);
        read("other", report(3, new LaneReport("m", "flowing", "", 0, 0, lower, BudgetReport.NONE)));
        read("me", next(report(1, backlog())).orElseThrow());

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part * 40).isCloseTo(16, within(1e-6)));
    }

    @Test
    void numbersThatNobodyCouldOwnLeaveAWorkerItsPart() {
        read("me", next(report(1, backlog())).orElseThrow());
        for (int i = 0; i < 2; i++) {
            read("stranger-" + i, report(Integer.MAX_VALUE, backlog(), STARTED, Integer.MAX_VALUE));
        }

        assertThat(lent()).hasValueSatisfying(part -> assertThat(part).isBetween(0.0, 1.0));
    }

    private Optional<WorkerReport> next(WorkerReport report) {
        return participant.next(report, now);
    }

    private Optional<Double> lent() {
        return participant.shares(now).map(PoolParticipantTest::named);
    }

    private static double named(LentShares shares) {
        return shares.of("m").requests() instanceof LimitPart.Named part ? part.share() : 0;
    }

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void read(String name, WorkerReport report) {
        read(recordOf(name, report));
    }

    private ConsumerRecord<byte[], byte[]> recordOf(String name, WorkerReport report) {
        return record(name, new String(WorkerReportJson.encode(report), StandardCharsets.UTF_8));
    }

    private void read(ConsumerRecord<byte[], byte[]> record) {
        participant.read(record, now);
    }

    @SuppressWarnings("NullAway") // Kafka's constructor takes null, but does not say so
    private ConsumerRecord<byte[], byte[]> record(@Nullable String key, @Nullable String value) {
        return new ConsumerRecord<>(
                "chat.workers",
                0,
                offset++,
                TimeUnit.NANOSECONDS.toMillis(now),
                TimestampType.LOG_APPEND_TIME,
                0,
                0,
                key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                value == null ? null : value.getBytes(StandardCharsets.UTF_8),
                new RecordHeaders(),
                Optional.empty());
    }

    private static LaneReport backlog() {
        return new LaneReport("m", "limited", "", 500, 4, told(500), BudgetReport.NONE);
    }

    private static BudgetReport told(double wanted) {
        return new BudgetReport(OptionalDouble.of(40), BudgetReport.Source.TOLD, 0, wanted);
    }

    private static WorkerReport report(int bundles, LaneReport lane) {
        return report(bundles, lane, STARTED);
    }

    private static WorkerReport report(int bundles, LaneReport lane, Instant started) {
        return report(bundles, lane, started, 4);
    }

    private static WorkerReport report(int bundles, LaneReport lane, Instant started, int width) {
        return new WorkerReport(0, "0.1.0", "host", started, PoolMember.VALIDITY, bundles, width, List.of(lane));
    }
}
