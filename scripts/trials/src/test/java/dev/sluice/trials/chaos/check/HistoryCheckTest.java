package dev.sluice.trials.chaos.check;

import static dev.sluice.trials.chaos.plan.RequestKind.EXHAUSTED;
import static dev.sluice.trials.chaos.plan.RequestKind.EXPIRED;
import static dev.sluice.trials.chaos.plan.RequestKind.INVALID;
import static dev.sluice.trials.chaos.plan.RequestKind.PLAIN;
import static dev.sluice.trials.chaos.plan.RequestKind.REJECTED;
import static dev.sluice.trials.chaos.plan.RequestKind.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.WorkerProcess.ProcessEnd;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryCheckTest {
    private final TestHistory history = new TestHistory();

    @Test
    void whatIsCancelledMayEndAsCancelledWithoutADeadLetter() {
        history.cancelled("in time", 0, 100).failed("in time", "cancelled", 200);
        history.cancelled("too late", 0, 100)
                .call("too late", "w", 90, 150, 200)
                .ok("too late", 160);
        assertThat(history.violations()).isEmpty();

        history.published("b", PLAIN, 0).failed("b", "cancelled", 200);
        history.cancelled("dead", 0, 100).failed("dead", "cancelled", 200).dead("dead", "cancelled", 200);
        assertThat(history.violations()).containsExactlyInAnyOrder("wrong ending b", "dead letters dead");
    }

    @Test
    void whatIsCancelledIsNotCalledOnceWorkersKnowIt() {
        history.cancelled("a", 0, 100).call("a", "w", 3_200, 3_300, 200).ok("a", 3_400);
        history.cancelled("b", 0, 100).call("b", "frozen", 3_200, 3_300, 200).ok("b", 3_400);
        history.obstacle("frozen", ObstacleCause.FROZEN, 50, 3_100);

        assertThat(history.violations()).containsExactly("called in vain a");
    }

    @Test
    void aGoodHistoryHasNoViolation() {
        history.published("a", PLAIN, 0)
                .call("a", "w1-1", 10, 20, 503)
                .call("a", "w2-1", 1_000, 1_100, 200)
                .ok("a", 1_110);
        history.published("b", INVALID, 0).failed("b", "invalid_request", 50).dead("b", "invalid_request", 50);
        history.published("c", EXPIRED, 0).failed("c", "expired", 50).dead("c", "expired", 50);
        history.published("d", REJECTED, 0)
                .call("d", "w1-1", 10, 20, 400)
                .failed("d", "rejected", 50)
                .dead("d", "rejected", 50);
        history.life("w1-1", ProcessEnd.TERMINATED, 0).life("w2-1", ProcessEnd.KILLED, 137);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void anAcknowledgedRequestWithoutEndingIsLost() {
        history.published("a", PLAIN, 0).published("b", PLAIN, 0).ok("b", 10).endedAt(1_000);

        assertThat(history.violations()).containsExactly("lost a");
    }

    @Test
    void anUnacknowledgedRequestMayEndOrNot() {
        history.unacknowledged("a").unacknowledged("b").ok("b", 10);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void twoRepliesAreOneTooMany() {
        history.published("a", PLAIN, 0).ok("a", 10).ok("a", 20);

        assertThat(history.violations()).containsExactly("doubled a");
    }

    @Test
    void aDeadLetterWithoutReplyIsHalfAnEnding() {
        history.published("a", EXPIRED, 0).dead("a", "expired", 10).endedAt(100);

        assertThat(history.violations()).containsExactly("no reply a", "dead letters a");
    }

    @Test
    void aFailedReplyHasOneDeadLetterAndAnAnswerHasNone() {
        history.published("a", EXPIRED, 0).failed("a", "expired", 10);
        history.published("b", PLAIN, 0).ok("b", 10).dead("b", "expired", 10);
        history.published("c", EXPIRED, 0)
                .failed("c", "expired", 10)
                .dead("c", "expired", 10)
                .dead("c", "expired", 11);

        assertThat(history.violations()).containsExactly("dead letters a", "dead letters b", "dead letters c");
    }

    @Test
    void replyAndDeadLetterHaveTheSameReason() {
        history.published("a", EXPIRED, 0).failed("a", "expired", 10).dead("a", "rejected", 10);

        assertThat(history.violations()).containsExactly("reasons differ a");
    }

    @Test
    void aRequestThatWasNeverPublishedDoesNotEnd() {
        history.ok("x", 10).dead("y", "expired", 10);

        assertThat(history.violations()).containsExactly("foreign x", "foreign y");
    }

    @Test
    void eachKindEndsInItsOwnWay() {
        history.published("a", PLAIN, 0).failed("a", "rejected", 10).dead("a", "rejected", 10);
        history.published("b", REJECTED, 0).ok("b", 10);
        history.published("c", EXHAUSTED, 0).failed("c", "rejected", 10).dead("c", "rejected", 10);

        assertThat(history.violations()).containsExactly("wrong ending a", "wrong ending b", "wrong ending c");
    }

    @Test
    void anAnswerIsTheOneMadeForItsRequest() {
        history.published("a", PLAIN, 0).reply("a", "ok", "", "You said: b", 10);

        assertThat(history.violations()).containsExactly("wrong ending a");
    }

    @Test
    void aRequestThatNeedsNoCallIsNotCalled() {
        history.published("a", EXPIRED, 0)
                .call("a", "w1-1", 5, 6, 200)
                .failed("a", "expired", 10)
                .dead("a", "expired", 10);
        history.call("", "w1-1", 5, 6, 400);

        assertThat(history.violations()).containsExactly("called a", "called ");
    }

    @Test
    void aCallAfterTheFinalAnswerIsNeedless() {
        history.published("a", PLAIN, 0)
                .call("a", "w1-1", 10, 20, 200)
                .call("a", "w2-1", 5_000, 5_100, 200)
                .ok("a", 5_110);

        assertThat(history.violations()).containsExactly("needless call a");
    }

    @Test
    void aCallAfterAFailedOrAnUndeliveredOneIsNot() {
        history.published("a", PLAIN, 0)
                .call("a", "w1-1", 10, 20, 429)
                .call("a", "w1-1", 30, 40, 500)
                .cutCall("a", "w1-1", 50, 60)
                .call("a", "w1-1", 70, 80, 200)
                .ok("a", 90);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void aRequestIsNotPaidForAgainAndAgain() {
        history.published("a", PLAIN, 0);
        for (long i = 0; i < 18; i++) {
            history.cutCall("a", "w1-1", 100 * i, 100 * i + 50).call("a", "w1-1", 100 * i + 60, 100 * i + 80, 503);
        }
        assertThat(history.ok("a", 1_800).violations()).isEmpty();

        history.call("a", "w1-1", 1_700, 1_800, 524);

        assertThat(history.violations()).containsExactly("costly calls a");
    }

    @Test
    void anObstacleOfTheWorkerThatHadTheAnswerExplainsTheNextCall() {
        history.published("a", PLAIN, 0)
                .call("a", "w1-1", 10_000, 10_100, 200)
                .call("a", "w2-1", 25_000, 25_100, 200)
                .ok("a", 25_110)
                .obstacle("w1-1", ObstacleCause.KILLED, 11_000, 11_000);

        assertThat(history.violations()).isEmpty();
        assertThat(new NeedlessCallCheck(CheckBounds.DEFAULT).causes(history.history()))
                .isEqualTo(Map.of(ObstacleCause.KILLED, 1));
    }

    @Test
    void anObstacleOfAnotherWorkerOrAnotherTimeExplainsNothing() {
        history.published("a", PLAIN, 0)
                .call("a", "w1-1", 10_000, 10_100, 200)
                .call("a", "w2-1", 25_000, 25_100, 200)
                .ok("a", 25_110)
                .obstacle("w2-1", ObstacleCause.KILLED, 11_000, 11_000)
                .obstacle("w1-1", ObstacleCause.FROZEN, 5_000, 9_999)
                .obstacle("w1-1", ObstacleCause.KILLED, 13_101, 13_101);

        assertThat(history.violations()).containsExactly("needless call a");
    }

    @Test
    void aBrokerThatIsAwayExplainsItForEveryWorker() {
        history.published("a", PLAIN, 0)
                .call("a", "w1-1", 10_000, 10_100, 200)
                .call("a", "w2-1", 25_000, 25_100, 200)
                .ok("a", 25_110)
                .obstacle(CommitObstacle.EVERY, ObstacleCause.NO_BROKER, 9_000, 10_050);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void aZombieMayRepeatACallOfAnotherWorker() {
        history.published("a", PLAIN, 0)
                .call("a", "w2-1", 20_000, 20_100, 200)
                .call("a", "w1-1", 25_000, 25_100, 200)
                .ok("a", 20_110)
                .obstacle("w1-1", ObstacleCause.FROZEN, 9_000, 26_000);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void aCallBeforeItsTimeIsTooEarly() {
        history.published("a", SOON, 0, 0, 5_000)
                .call("a", "w1-1", 4_900, 5_000, 200)
                .ok("a", 5_010);
        history.published("b", SOON, 0, 0, 5_000)
                .call("b", "w1-1", 4_996, 5_100, 200)
                .ok("b", 5_110);

        assertThat(history.violations()).containsExactly("too early a");
    }

    @Test
    void aLongStallWhileRequestsAreDueIsNoProgress() {
        history.published("a", PLAIN, 1_000).ok("a", 61_001);

        assertThat(history.violations()).containsExactly("no progress all partitions");
    }

    @Test
    void aPartitionThatStandsStillIsFoundWhileOthersGoOn() {
        history.published("a", PLAIN, 1, 1_000, 0).ok("a", 91_001);
        for (long at = 0; at < 100_000; at += 10_000) {
            history.published("b" + at, PLAIN, 2, at, 0).ok("b" + at, at + 100);
        }

        assertThat(history.violations()).containsExactly("no progress partition 1");
    }

    @Test
    void aPartitionOfExpressThatStandsStillIsFoundWhileItsBundleGoesOn() {
        history.publishedExpress("a", 2, 1_000).ok("a", 91_001);
        for (long at = 0; at < 100_000; at += 10_000) {
            history.published("b" + at, PLAIN, 2, at, 0).ok("b" + at, at + 100);
        }

        assertThat(history.violations()).containsExactly("no progress partition express 2");
    }

    @Test
    void stallIsMeasuredFromTheTimeWhenARequestIsDue() {
        history.published("a", SOON, 0, 0, 100_000).ok("a", 100_500);
        history.published("b", PLAIN, 150_000).ok("b", 150_400);

        assertThat(Stall.longest(ProgressCheck.stalls(history.history())).millis())
                .isEqualTo(500);
    }

    @Test
    void stallLastsToTheEndIfNothingEndsAnyMore() {
        history.published("a", PLAIN, 1_000).endedAt(200_000);

        assertThat(Stall.longest(ProgressCheck.stalls(history.history()))).isEqualTo(new Stall(1_000, 200_000));
    }

    @Test
    void aRequestThatFailsSlowlyByNatureIsNotWaitedFor() {
        history.published("a", EXHAUSTED, 0)
                .failed("a", "attempts_exhausted", 200_000)
                .dead("a", "attempts_exhausted", 200_000);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void aWorkerEndsOnlyWhenAskedAndThenWithZero() {
        history.life("w1-1", ProcessEnd.UNASKED, 1)
                .life("w2-1", ProcessEnd.TERMINATED, 1)
                .life("w3-1", ProcessEnd.KILLED, 137);

        assertThat(history.violations()).containsExactly("ended by itself w1-1", "exit code w2-1");
    }

    @Test
    void aWorkerMayExitWhenItFindsNoBroker() {
        history.life("w1-1", ProcessEnd.UNASKED, 2).obstacle(CommitObstacle.EVERY, ObstacleCause.NO_BROKER, 500, 900);

        assertThat(history.violations()).isEmpty();
    }

    @Test
    void aBurstAsLargeAsTheReadAheadMustMakeSomethingMove() {
        burst(CheckBounds.READ_AHEAD);
        assertThat(history.violations()).containsExactly("nothing moved overflow");

        assertThat(history.moved("burst-7").violations()).isEmpty();
    }

    @Test
    void aSmallerBurstNeedNotMakeAnythingMove() {
        burst(CheckBounds.READ_AHEAD - 1);

        assertThat(history.violations()).isEmpty();
    }

    private void burst(int size) {
        for (int i = 0; i < size; i++) {
            history.published("burst-" + i, PLAIN, 1_000).ok("burst-" + i, 1_100);
        }
    }

    @Test
    void overflowThatIsNotDrainedIsLag() {
        history.lag("chat.requests.overflow-13", 7);

        assertThat(history.violations()).containsExactly("lag chat.requests.overflow-13");
    }

    @Test
    void nothingIsLeftUnread() {
        history.lag("chat.requests.retry-3", 2);

        assertThat(history.violations()).containsExactly("lag chat.requests.retry-3");
    }
}
