package dev.sluice.worker.outcome;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.call.CallResult.Failed;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.outcome.Outcome.DeadLetter;
import dev.sluice.worker.outcome.Outcome.Hold;
import dev.sluice.worker.outcome.Outcome.Move;
import dev.sluice.worker.outcome.Outcome.Reply;
import dev.sluice.worker.outcome.Outcome.Requeue;
import dev.sluice.worker.outcome.Outcome.Unawaited;
import dev.sluice.worker.outcome.OutcomeClassifier.Verdict;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.FailureKind;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.ApiError;
import dev.sluice.worker.provider.CompletionBody;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutcomeClassifierTest {
    private static final long NOW = 1_800_000_000_000L;
    private static final int MAX_ATTEMPTS = 5;
    private static final String COMPLETION = "{\"choices\": [{\"message\": {\"content\": \"hi\"}}]}";
    private static final String ERROR = "{\"error\": {\"message\": \"words\", \"type\": \"some_type\"}}";
    private static final ApiError SAID = new ApiError("words", "some_type", "", "");
    private static final String HTML = "<html>edge</html>";
    private static final String CALL = "00112233aabbccdd";
    private static final long TEN_MINUTES = Duration.ofMinutes(10).toMillis();

    /** Failures that may be the fault of the request or of its surroundings, and that cost nothing. */
    private static final List<CallResult> FAILURES = List.of(
            answered(500, ERROR),
            answered(503, HTML),
            answered(408, ERROR),
            answered(200, HTML),
            answered(404, HTML),
            new Failed("timeout", "late", 1),
            new Failed("connection", "refused", 1));

    /** Failures that the API may have charged. */
    private static final List<CallResult> COSTLY = List.of(
            answered(504, HTML),
            answered(520, HTML),
            answered(524, ""),
            answered(504, ERROR),
            new Failed("timeout", "late", true, 1),
            new Failed("connection", "cut", true, 1));

    // The backoff is always half of its ceiling.
    private final OutcomeClassifier outcomes =
            new OutcomeClassifier(MAX_ATTEMPTS, Optional.of(Duration.ofHours(1)), () -> 0.5);

    @Test
    void aCompletionIsTheReplyByteForByte() {
        Answered answer = answered(200, COMPLETION);

        Verdict verdict = of(counted(0, 0), answer);

        assertThat(verdict).isEqualTo(new Verdict(new Reply(200, answer.body(), 12), CallFeedback.PASSED));
    }

    @Test
    void theReplyOfAStreamedCallHasItsId() {
        Answered answer = streamed(COMPLETION, true);

        Verdict verdict = of(counted(0, 0), answer);

        assertThat(verdict)
                .isEqualTo(new Verdict(
                        new Reply(200, answer.body(), 12, Optional.of(CALL)), CallFeedback.PASSED.producing(7)));
    }

    /** Another answer would not go on where this one broke off. */
    @Test
    void whatFailsAfterItsPiecesWereSeenIsNotCalledAgain() {
        for (CallResult failure : List.of(
                new Failed("connection", "cut", true, 12, Optional.of(new CallResult.Stream(CALL, true, true, 7))),
                new Failed("timeout", "silent", true, 12, Optional.of(new CallResult.Stream(CALL, true, true, 7))),
                streamed("{\"error\":{\"message\":\"words\",\"code\":503}}", true),
                streamed("{\"error\":{\"message\":\"words\",\"code\":429}}", true),
                streamed("{\"error\":{\"message\":\"words\",\"code\":401}}", true))) {
            Verdict verdict = of(counted(1, 3), failure);

            assertThat(verdict.outcome()).as("%s", failure).isInstanceOfSatisfying(DeadLetter.class, dead -> {
                assertThat(dead.reason()).isEqualTo(Reason.STREAM_CUT);
                assertThat(dead.attempts()).isEqualTo(2);
                assertThat(dead.message()).startsWith("the answer broke off after a part of it was published: ");
                assertThat(dead.lastError()).isNotEmpty();
            });
        }
    }

    @Test
    void whatFailsBeforeItsPiecesWereSeenIsCalledAgain() {
        for (CallResult failure : List.of(
                new Failed("connection", "cut", true, 12, Optional.of(new CallResult.Stream(CALL, true, false, 7))),
                streamed("{\"error\":{\"message\":\"words\",\"code\":503}}", false))) {
            Verdict verdict = of(counted(1, 3), failure);

            assertThat(verdict.outcome())
                    .as("%s", failure)
                    .isInstanceOfSatisfying(
                            Requeue.class,
                            requeue -> assertThat(requeue.suspicion().costly()).isOne());
        }
    }

    @Test
    void anErrorEventThatRejectsTheRequestIsTheApisOwnWord() {
        Verdict verdict = of(counted(0, 0), streamed("{\"error\":{\"message\":\"words\",\"code\":400}}", true));

        assertThat(verdict.outcome())
                .isInstanceOfSatisfying(
                        DeadLetter.class, dead -> assertThat(dead.reason()).isEqualTo(Reason.REJECTED));
    }

    private static Answered streamed(String body, boolean isPublished) {
        return new Answered(
                200,
                Map.of(),
                body.getBytes(UTF_8),
                12,
                Optional.of(new CallResult.Stream(CALL, true, isPublished, 7)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"id\": 1}", HTML, ""})
    void aGoodStatusWithoutACompletionIsAFailure(String body) {
        Verdict verdict = of(counted(1, 3), answered(200, body));

        assertThat(verdict.outcome())
                .isEqualTo(new Requeue(Optional.empty(), NOW + 1000, 2, 3, "200 unusable_body", failedOnce()));
        assertThat(verdict.feedback()).isEqualTo(CallFeedback.failed(FailureKind.SERVER, "200 unusable_body", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"choices\": []}",
                "{\"choices\": [1]",
                "{\"choices\": [1]} x",
                "data: {\"choices\":[{\"delta\":{\"content\":\"secret\"}}]}\n\n"
            })
    void anAnswerThatWasGeneratedInVainMayHaveCost(String body) {
        Verdict verdict = of(counted(1, 3), answered(200, body));

        assertThat(verdict.outcome())
                .isInstanceOfSatisfying(
                        Requeue.class,
                        requeue -> assertThat(requeue.suspicion().costly()).isOne());
        assertThat(verdict.feedback()).isEqualTo(CallFeedback.failed(FailureKind.SERVER, "200 unusable_body", true));
        assertThat(verdict.toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(ints = {201, 204, 408, 409, 425, 500, 501, 502, 503, 529, 599})
    void aFailureOfTheApiCountsAsAnAttempt(int status) {
        for (String body : new String[] {ERROR, HTML, ""}) {
            Verdict verdict = of(counted(2, 7), answered(status, body));

            assertThat(verdict.outcome()).isInstanceOfSatisfying(Requeue.class, requeue -> {
                assertThat(requeue.attempts()).isEqualTo(3);
                assertThat(requeue.deferrals()).isEqualTo(7);
                assertThat(requeue.notBefore()).isEqualTo(NOW + 2000);
                assertThat(requeue.tier()).isEmpty();
                assertThat(requeue.lastError()).startsWith(Integer.toString(status));
                assertThat(requeue.suspicion()).isEqualTo(failedOnce());
            });
            assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.FAILED);
            assertThat(verdict.feedback().isFree()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"timeout, false", "connection, false"})
    void aCallWithoutAnAnswerCountsAsAnAttempt(String error, boolean mayHaveCost) {
        Verdict verdict = of(counted(0, 1), new Failed(error, "words", mayHaveCost, 12));

        assertThat(verdict.outcome()).isEqualTo(new Requeue(Optional.empty(), NOW + 500, 1, 1, error, failedOnce()));
        assertThat(verdict.feedback()).isEqualTo(CallFeedback.failed(FailureKind.NO_ANSWER, error + ": words", false));
    }

    @ParameterizedTest
    @CsvSource({"0.05, 5", "0.2, 9", "0.7, 39"})
    void aRequestIsGivenUpAfterMoreFailuresThanChanceMakesIfOthersFailThatOften(double share, int failures) {
        for (CallResult failure : FAILURES) {
            Retries retries = retries();

            Outcome outcome = retries.callUntilItEnds(failure, FakeEvidence.failing(share), 1_000);

            assertThat(retries.calls()).as("%s", failure).isEqualTo(failures);
            assertThat(outcome).isInstanceOfSatisfying(DeadLetter.class, dead -> {
                assertThat(dead.reason()).isEqualTo(Reason.ATTEMPTS_EXHAUSTED);
                assertThat(dead.attempts()).isEqualTo(failures);
            });
        }
    }

    @Test
    void aRequestIsNotGivenUpBeforeMaxAttempts() {
        OutcomeClassifier patient = new OutcomeClassifier(20, Optional.empty(), () -> 0.5);
        Retries retries = new Retries(patient, NOW);

        retries.callUntilItEnds(answered(500, ERROR), FakeEvidence.failing(0.05), 1_000);

        assertThat(retries.calls()).isEqualTo(20);
    }

    @Test
    void aFailureDuringAnOutageIsNotTheLastOne() {
        Retries retries = new Retries(new OutcomeClassifier(20, Optional.empty(), () -> 0.5), NOW);
        retries.callUntilItEnds(answered(500, ERROR), FakeEvidence.failing(0.05), 10);

        assertThat(retries.callUntilItEnds(answered(500, ERROR), FakeEvidence.failing(1), 100))
                .isInstanceOf(Requeue.class);
        assertThat(retries.call(answered(500, ERROR), FakeEvidence.failing(0.05))
                        .outcome())
                .isInstanceOf(DeadLetter.class);
    }

    @Test
    void noFailureBlamesARequestWithoutOthersToCompareWith() {
        for (CallResult failure : FAILURES) {
            for (FakeEvidence evidence : new FakeEvidence[] {FakeEvidence.NONE, FakeEvidence.failing(1)}) {
                Retries retries = retries();

                assertThat(retries.callUntilItEnds(failure, evidence.withApiWorking(true), 1_000))
                        .isInstanceOf(Requeue.class);
                assertThat(retries.suspicion()).isEqualTo(SuspicionLevel.NONE);
            }
        }
    }

    @Test
    void aRestartInACostlyOutageGivesUpNobodySooner() {
        CallResult late = new CallResult.Failed("timeout", "late", true, 1);
        Retries retries = retries();
        for (int i = 0; i < MAX_ATTEMPTS - 1; i++) {
            retries.call(late, FakeEvidence.failing(1));
        }

        assertThat(retries.call(late, FakeEvidence.NONE).outcome()).isInstanceOf(Requeue.class);
        assertThat(retries.callUntilItEnds(late, FakeEvidence.NONE, 100)).isInstanceOf(DeadLetter.class);
        assertThat(retries.calls()).isEqualTo(3 * MAX_ATTEMPTS);
    }

    @Test
    void otherLanesAreComparedWithOnlyAfterTwoHours() {
        FakeEvidence evidence = FakeEvidence.failing(0.05).fromOtherLanes();
        Retries retries = retries();
        while (retries.now() < NOW + 12 * TEN_MINUTES) {
            assertThat(retries.call(answered(500, ERROR), evidence).outcome()).isInstanceOf(Requeue.class);
        }
        assertThat(retries.calls()).isGreaterThan(MAX_ATTEMPTS);
        assertThat(retries.suspicion()).isEqualTo(SuspicionLevel.NONE);
        int before = retries.calls();

        assertThat(retries.callUntilItEnds(answered(500, ERROR), evidence, 1_000))
                .isInstanceOf(DeadLetter.class);
        assertThat(retries.calls() - before).isEqualTo(5);
    }

    @Test
    void theDeadLetterSaysWhatTheLastCallSaid() {
        Retries answered = retries();
        Retries unanswered = retries();

        assertThat(answered.callUntilItEnds(answered(500, ERROR), FakeEvidence.failing(0.05), 5))
                .isEqualTo(
                        new DeadLetter(Reason.ATTEMPTS_EXHAUSTED, OptionalInt.of(500), "words", 5, "500 some_type", 12)
                                .saying(SAID));
        assertThat(unanswered.callUntilItEnds(new Failed("timeout", "late", 12), FakeEvidence.failing(0.05), 5))
                .isEqualTo(new DeadLetter(Reason.ATTEMPTS_EXHAUSTED, OptionalInt.empty(), "late", 5, "timeout", 12));
    }

    @Test
    void aFailureWhileTheLaneIsStoppedIsHeldIfOthersFailAsWell() {
        for (CallResult failure : FAILURES) {
            for (FakeEvidence evidence :
                    new FakeEvidence[] {FakeEvidence.NONE, FakeEvidence.failing(1), FakeEvidence.failing(0.76)}) {
                Verdict verdict = outcomes.classify(
                                counted(MAX_ATTEMPTS - 1, 0),
                                failure,
                                evidence.withApiWorking(true).withLaneStopped(),
                                NOW)
                        .orElseThrow();

                assertThat(verdict.outcome()).isInstanceOf(Hold.class);
                assertThat(verdict.feedback().kind()).isNotEqualTo(CallFeedback.Kind.PASSED);
            }
        }
    }

    @Test
    void aFailureWhileTheLaneIsStoppedCountsIfMostOthersPass() {
        for (CallResult failure : FAILURES) {
            FakeEvidence evidence = FakeEvidence.failing(0.75).withLaneStopped();

            assertThat(outcomes.classify(counted(0, 0), failure, evidence, NOW)
                            .orElseThrow()
                            .outcome())
                    .isInstanceOf(Requeue.class);
        }
    }

    @Test
    void otherLanesDoNotBlameARequestOfAStoppedLaneThatIsNew() {
        FakeEvidence evidence = FakeEvidence.failing(0.05).fromOtherLanes().withLaneStopped();

        assertThat(outcomes.classify(counted(0, 0), answered(500, ERROR), evidence, NOW)
                        .orElseThrow()
                        .outcome())
                .isInstanceOf(Hold.class);
        assertThat(outcomes.classify(counted(0, 0), answered(500, ERROR), evidence, NOW + 12 * TEN_MINUTES)
                        .orElseThrow()
                        .outcome())
                .isInstanceOf(Requeue.class);
    }

    @Test
    void aHoldNamesItsCauseInTheWordsOfTheCause() {
        FakeEvidence outage = FakeEvidence.NONE.withLaneStopped();

        assertThat(outcome(new Failed("connection", "UnknownHostException: api.example.test", 1), outage))
                .isEqualTo(new Hold("connection: UnknownHostException: api.example.test"));
        assertThat(outcome(answered(503, ERROR), outage)).isEqualTo(new Hold("503 some_type"));
        assertThat(outcome(answered(502, HTML), outage)).isEqualTo(new Hold("502"));
        assertThat(outcome(answered(404, HTML), outage)).isEqualTo(new Hold("404: edge"));
    }

    @Test
    void anEvidentResultIsNotHeldWhileTheLaneIsStopped() {
        FakeEvidence stopped = FakeEvidence.NONE.withLaneStopped();

        assertThat(outcome(answered(200, COMPLETION), stopped)).isInstanceOf(Reply.class);
        assertThat(outcome(answered(429, ERROR), stopped)).isInstanceOf(Requeue.class);
        assertThat(outcome(answered(400, ERROR), stopped)).isInstanceOf(DeadLetter.class);
        assertThat(outcome(answered(401, ERROR), stopped)).isInstanceOf(Hold.class);
    }

    @Test
    void aCallThatMayHaveBeenPaidForCountsAloneAndBesideOthersThatPass() {
        for (CallResult failure : COSTLY) {
            for (FakeEvidence evidence : new FakeEvidence[] {
                FakeEvidence.NONE, FakeEvidence.NONE.withLaneStopped(), FakeEvidence.failing(0.05)
            }) {
                Retries retries = retries();

                Outcome outcome = retries.callUntilItEnds(failure, evidence, 1_000);

                assertThat(retries.calls()).as("%s, %s", failure, evidence).isEqualTo(MAX_ATTEMPTS);
                assertThat(outcome).isInstanceOfSatisfying(DeadLetter.class, dead -> {
                    assertThat(dead.reason()).isEqualTo(Reason.ATTEMPTS_EXHAUSTED);
                    assertThat(dead.attempts()).isEqualTo(MAX_ATTEMPTS);
                });
            }
        }
    }

    @Test
    void inABrownOutACallThatMayHaveBeenPaidForIsRepeatedThreeTimesAsOften() {
        for (CallResult failure : COSTLY) {
            for (FakeEvidence evidence : new FakeEvidence[] {
                FakeEvidence.failing(0.45),
                FakeEvidence.failing(0.9),
                FakeEvidence.failing(1).withLaneStopped()
            }) {
                Retries retries = retries();

                Outcome outcome = retries.callUntilItEnds(failure, evidence, 1_000);

                assertThat(retries.calls()).isEqualTo(3 * MAX_ATTEMPTS);
                assertThat(outcome).isInstanceOf(DeadLetter.class);
            }
        }
    }

    @Test
    void callsThatMayHaveBeenPaidForAreSpacedEverFurtherApart() {
        for (CallResult failure : COSTLY) {
            Retries retries = retries();
            List<Long> pauses = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                long before = retries.now();
                Verdict verdict = retries.call(failure, FakeEvidence.failing(0.9));
                pauses.add(retries.now() - before);
                assertThat(verdict.feedback().isFree()).isFalse();
            }

            assertThat(pauses).containsExactly(7_500L, 22_500L, 67_500L, 202_500L, 450_000L, 450_000L);
        }
    }

    @Test
    void onlyCallsThatMayHaveBeenPaidForCountAsSuch() {
        Retries retries = retries();
        retries.callUntilItEnds(answered(503, ERROR), FakeEvidence.NONE, 50);

        Outcome outcome = retries.call(answered(504, HTML), FakeEvidence.NONE).outcome();

        assertThat(outcome).isInstanceOfSatisfying(Requeue.class, requeue -> {
            assertThat(requeue.suspicion()).isEqualTo(new SuspicionLevel(0, 0, 0, 1));
            assertThat(requeue.attempts()).isEqualTo(51);
        });
    }

    @Test
    void anAnswerThatIsTooLargeIsADeadLetterAtOnceAndTheLaneGoesOn() {
        for (FakeEvidence evidence : new FakeEvidence[] {FakeEvidence.NONE, FakeEvidence.NONE.withLaneStopped()}) {
            Verdict verdict = outcomes.classify(
                            counted(0, 3), new Failed("response_too_large", "words", true, 12), evidence, NOW)
                    .orElseThrow();

            assertThat(verdict.outcome())
                    .isEqualTo(new DeadLetter(
                            Reason.TOO_LARGE, OptionalInt.empty(), "words", 1, "response_too_large", 12));
            assertThat(verdict.feedback()).isEqualTo(CallFeedback.CANCELLED);
        }
    }

    @Test
    void aCallThatCannotBeSentIsHeld() {
        Verdict verdict = of(counted(MAX_ATTEMPTS - 1, 0), new Failed("unsendable", "no key", 1));

        assertThat(verdict)
                .isEqualTo(new Verdict(new Hold("unsendable: no key"), CallFeedback.blocked("unsendable: no key")));
    }

    @Test
    void aProxyThatWantsToKnowWhoCallsIsHeldAtOnce() {
        Verdict verdict = of(counted(MAX_ATTEMPTS - 1, 0), new Failed("407", "407 from proxy 10.0.0.1:3128", 1));

        String reason = "407 from proxy 10.0.0.1:3128: give the proxy's user and password (--api-proxy)";
        assertThat(verdict).isEqualTo(new Verdict(new Hold(reason), CallFeedback.blocked(reason)));
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 405, 407, 410, 413, 418, 421, 422, 431, 451, 499, 300, 301, 302, 304, 307, 308})
    void aForeignAnswerIsHeldUnlessTheApiWorks(int status) {
        for (String body : new String[] {HTML, "", "{\"message\": \"Forbidden\"}"}) {
            Verdict verdict = outcomes.classify(
                            counted(MAX_ATTEMPTS - 1, 0), answered(status, body), FakeEvidence.NONE, NOW)
                    .orElseThrow();

            assertThat(verdict.outcome())
                    .isInstanceOfSatisfying(
                            Hold.class, hold -> assertThat(hold.reason()).startsWith(Integer.toString(status)));
            assertThat(verdict.feedback().kind())
                    .isEqualTo(status == 407 ? CallFeedback.Kind.BLOCKED : CallFeedback.Kind.FOREIGN);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 413, 451, 302, 308})
    void aRequestThatAloneMeetsForeignAnswersStepsAsideAndIsGivenUpByComparison(int status) {
        Retries retries = retries();

        Verdict first = retries.call(answered(status, HTML), FakeEvidence.failing(0.05));

        assertThat(first.outcome())
                .isEqualTo(new Requeue(
                        Optional.empty(), NOW + 500, 1, 0, Integer.toString(status), new SuspicionLevel(300, 0, 0, 0)));
        assertThat(first.feedback().kind()).isEqualTo(CallFeedback.Kind.FOREIGN);
        assertThat(retries.callUntilItEnds(answered(status, HTML), FakeEvidence.failing(0.05), 1_000))
                .isEqualTo(new DeadLetter(
                        Reason.ATTEMPTS_EXHAUSTED, OptionalInt.of(status), "edge", 5, Integer.toString(status), 12));
    }

    @Test
    void aForeignAnswerIsHeldWhileTheLaneIsStoppedForIt() {
        assertThat(outcome(answered(404, HTML), FakeEvidence.failing(1).withLaneStopped()))
                .isEqualTo(new Hold("404: edge"));
    }

    @ParameterizedTest
    @CsvSource({
        "https://login.example.test/sso?to=api, 302 to login.example.test",
        "/v2/chat/completions, 302 to another path",
        "'not a uri', 302 to an unreadable location",
        "'', 302"
    })
    void aRedirectNamesTheHostThatItLeadsTo(String location, String error) {
        Answered answer = answered(302, HTML, Map.of("location", location));

        assertThat(outcome(answer, FakeEvidence.NONE)).isEqualTo(new Hold(error + ": edge"));
        assertThat(of(counted(0, 0), answer).outcome())
                .isInstanceOfSatisfying(
                        Requeue.class,
                        requeue -> assertThat(requeue.lastError()).isEqualTo(error));
    }

    @Test
    void aHostOfAbsurdLengthIsNotNamed() {
        Answered answer = answered(302, "", Map.of("location", "https://" + "a".repeat(256) + "/"));

        assertThat(outcome(answer, FakeEvidence.NONE))
                .isEqualTo(new Hold("302 to an unreadable location: something in front of the API answered for it"));
    }

    @ParameterizedTest
    @CsvSource({
        "x-ratelimit-reset, 2, 2000",
        "x-ratelimit-reset, 2.5, 2500",
        "x-ratelimit-reset, 1800000003, 3000",
        "retry-after, 4, 4000",
        "retry-after-ms, 2100, 2100",
        "retry-after, soon, 500",
        "x-ratelimit-reset, 0.1, 500",
        "x-other, 30, 500"
    })
    void aRateLimitDefersForTheLongerOfItsHintAndTheBackoff(String header, String value, long delay) {
        Verdict verdict = of(counted(4, 0), answered(429, ERROR, Map.of(header, value)));

        assertThat(verdict.outcome())
                .isEqualTo(new Requeue(Optional.empty(), NOW + delay, 4, 1, "429 some_type", limitedOnce()));
        assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.LIMITED);
    }

    @Test
    void theLaneWaitsOnlyAsLongAsTheApiSays() {
        assertThat(of(counted(0, 0), answered(429, ERROR)).feedback())
                .isEqualTo(CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO));
        assertThat(of(counted(0, 2), answered(429, HTML, Map.of("retry-after", "2")))
                        .feedback())
                .isEqualTo(CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofSeconds(2)));
    }

    @Test
    void noNumberOfRateLimitsCountsAsAnAttempt() {
        Request request = counted(MAX_ATTEMPTS - 1, 1_000_000);

        assertThat(of(request, answered(429, ERROR)).outcome())
                .isEqualTo(new Requeue(
                        Optional.of(Tier.TEN_SECONDS), NOW + 30_000, 4, 1_000_001, "429 some_type", limitedOnce()));
    }

    @Test
    void aRequestThatIsNeverAdmittedWhileOthersAreIsADeadLetter() {
        Retries retries = retries();
        retries.callUntilItEnds(answered(429, ERROR), FakeEvidence.failing(0.05), 5);
        assertThat(retries.suspicion().wantsToBeAlone()).isTrue();
        FakeEvidence alone = FakeEvidence.failing(0.05).withCallSentAlone();
        retries.waitUntil(NOW + TEN_MINUTES);
        assertThat(retries.call(answered(429, ERROR), alone).outcome()).isInstanceOf(Requeue.class);
        assertThat(retries.call(answered(429, ERROR), alone).outcome()).isInstanceOf(Requeue.class);

        assertThat(retries.call(answered(429, ERROR), alone).outcome())
                .isEqualTo(new DeadLetter(Reason.NEVER_ADMITTED, OptionalInt.of(429), "words", 0, "429 some_type", 12)
                        .saying(SAID));
    }

    @Test
    void aRequestIsNotNeverAdmittedBeforeTenMinutes() {
        FakeEvidence alone = FakeEvidence.failing(0.05).withCallSentAlone();
        Retries retries = retries();
        while (retries.now() < NOW + TEN_MINUTES) {
            assertThat(retries.call(answered(429, ERROR), alone).outcome()).isInstanceOf(Requeue.class);
        }

        assertThat(retries.calls()).isGreaterThan(3 * MAX_ATTEMPTS);
        assertThat(retries.call(answered(429, ERROR), alone).outcome()).isInstanceOf(DeadLetter.class);
    }

    @Test
    void aRequestIsNotNeverAdmittedWithoutThreeCallsThatWereSentAlone() {
        FakeEvidence others = FakeEvidence.failing(0.05);
        Retries retries = retries();
        retries.callUntilItEnds(answered(429, ERROR), others, 20);
        retries.waitUntil(NOW + TEN_MINUTES);

        for (int i = 0; i < 20; i++) {
            FakeEvidence evidence = i < 2 ? others.withCallSentAlone() : others;
            assertThat(retries.call(answered(429, ERROR), evidence).outcome()).isInstanceOf(Requeue.class);
        }
    }

    @Test
    void aRequestIsNotNeverAdmittedWhileOthersAreNotAdmittedEither() {
        for (FakeEvidence evidence : new FakeEvidence[] {FakeEvidence.NONE, FakeEvidence.failing(1)}) {
            Retries retries = retries();
            retries.waitUntil(NOW + TEN_MINUTES);

            assertThat(retries.callUntilItEnds(answered(429, ERROR), evidence.withCallSentAlone(), 500))
                    .isInstanceOf(Requeue.class);
            assertThat(retries.suspicion().limited()).isZero();
        }
    }

    @Test
    void aRequestIsNotNeverAdmittedByA429OfAnOutage() {
        Retries retries = retries();
        FakeEvidence alone = FakeEvidence.failing(0.05).withCallSentAlone();
        retries.callUntilItEnds(answered(429, ERROR), alone, 10);
        retries.waitUntil(NOW + TEN_MINUTES);

        assertThat(retries.call(answered(429, ERROR), FakeEvidence.failing(1).withCallSentAlone())
                        .outcome())
                .isInstanceOf(Requeue.class);
    }

    @Test
    void aRequestIsNotNeverAdmittedWithFewerDeferralsThanMaxAttempts() {
        Retries retries = new Retries(new OutcomeClassifier(30, Optional.empty(), () -> 0.5), NOW);
        retries.waitUntil(NOW + TEN_MINUTES);

        retries.callUntilItEnds(answered(429, ERROR), FakeEvidence.failing(0.05).withCallSentAlone(), 100);

        assertThat(retries.calls()).isEqualTo(30);
    }

    @ParameterizedTest
    @CsvSource({"10, ", "10.001, TEN_SECONDS", "59, TEN_SECONDS", "60, ONE_MINUTE", "600, TEN_MINUTES", "9999, ONE_HOUR"
    })
    void aLongDelayGoesToADelayTier(String seconds, Tier tier) {
        Map<String, String> headers = Map.of("retry-after", seconds);

        assertThat(of(counted(0, 0), answered(429, ERROR, headers)).outcome())
                .isInstanceOfSatisfying(
                        Requeue.class, requeue -> assertThat(requeue.tier()).isEqualTo(Optional.ofNullable(tier)));
        assertThat(of(counted(0, 0), answered(503, ERROR, headers)).outcome())
                .isInstanceOfSatisfying(
                        Requeue.class, requeue -> assertThat(requeue.tier()).isEqualTo(Optional.ofNullable(tier)));
    }

    @ParameterizedTest
    @CsvSource({"401, ': check the API key (--api-key-file or TOGETHER_API_KEY)'", "402, ''", "407, ''", "511, ''"})
    void aRejectedKeyAccountOrProxyLoginHoldsWhateverTheBody(int status, String remedy) {
        for (String body : new String[] {ERROR, HTML, ""}) {
            String reason = status + (body.equals(ERROR) ? " some_type" : "") + remedy;

            assertThat(of(counted(MAX_ATTEMPTS - 1, 0), answered(status, body)))
                    .isEqualTo(new Verdict(new Hold(reason), CallFeedback.blocked(reason)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 429})
    void aQuotaWordHolds(int status) {
        for (String word : new String[] {"insufficient_quota", "credit_limit", "billing_hard_limit_reached"}) {
            String ofType = "{\"error\": {\"message\": \"m\", \"type\": \"" + word + "\"}}";
            String ofCode = "{\"error\": {\"message\": \"m\", \"code\": \"" + word + "\"}}";
            for (String body : new String[] {ofType, ofCode}) {
                String reason = status + " " + word;

                assertThat(of(counted(MAX_ATTEMPTS - 1, 0), answered(status, body)))
                        .isEqualTo(new Verdict(new Hold(reason), CallFeedback.blocked(reason)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, true", "60, true", "60.5, false", "3600, false", "0, false", "never, false", "6m0s, false"})
    void aQuotaWordWithAShortHintIsAnOrdinaryRateLimit(String hint, boolean isOrdinary) {
        Answered answer = answered(429, ERROR.replace("some_type", "credit_limit"), Map.of("retry-after", hint));

        Verdict verdict = of(counted(0, 0), answer);

        assertThat(verdict.outcome()).isInstanceOf(isOrdinary ? Requeue.class : Hold.class);
        assertThat(verdict.feedback().kind())
                .isEqualTo(isOrdinary ? CallFeedback.Kind.LIMITED : CallFeedback.Kind.BLOCKED);
    }

    @Test
    void aShortHintDoesNotMakeARateLimitOfAQuotaWordWithAnotherStatus() {
        Map<String, String> headers = Map.of("retry-after", "5");

        assertThat(of(counted(0, 0), answered(403, ERROR.replace("some_type", "credit_limit"), headers))
                        .outcome())
                .isEqualTo(new Hold("403 credit_limit"));
    }

    @Test
    void aQuotaWordOfAForeignAnswerIsNotBelieved() {
        assertThat(of(counted(0, 0), answered(429, "credit_limit")).outcome()).isInstanceOf(Requeue.class);
        assertThat(of(counted(0, 0), answered(429, "{\"type\": \"credit_limit\"}"))
                        .outcome())
                .isInstanceOf(Requeue.class);
    }

    @ParameterizedTest
    @CsvSource({
        "400, REJECTED",
        "404, REJECTED_IN_DOUBT",
        "422, REJECTED",
        "401, BLOCKED",
        "402, BLOCKED",
        "429, LIMITED",
        "408, FAILED",
        "500, FAILED",
        "503, FAILED"
    })
    void anErrorInsideAGoodAnswerIsWhatItsStatusSays(int status, CallFeedback.Kind kind) {
        for (String code : new String[] {Integer.toString(status), "\"" + status + "\""}) {
            for (String choices :
                    new String[] {"", ", \"choices\": []", ", \"choices\": [{\"message\": {\"content\": null}}]"}) {
                String body = "{\"error\": {\"message\": \"m\", \"code\": " + code + "}" + choices + "}";

                Verdict verdict = of(counted(0, 0), answered(200, body));

                assertThat(verdict.feedback().kind()).as(body).isEqualTo(kind);
                String error = "200 with error " + status;
                verdict.outcome().match(new ErrorOf(error));
            }
        }
    }

    /** Checks that an outcome names the error. */
    private record ErrorOf(String error) implements Outcome.Cases<String> {
        @Override
        public String reply(Reply reply) {
            throw new AssertionError("a reply");
        }

        @Override
        public String requeue(Requeue requeue) {
            assertThat(requeue.lastError()).isEqualTo(error);
            return "";
        }

        @Override
        public String move(Move move) {
            throw new AssertionError("a move");
        }

        @Override
        public String deadLetter(DeadLetter dead) {
            assertThat(dead.lastError()).isEqualTo(error);
            assertThat(dead.httpStatus()).hasValue(200);
            assertThat(dead.message()).isEqualTo("m");
            return "";
        }

        @Override
        public String unawaited(Unawaited unawaited) {
            throw new AssertionError("an ending that nobody awaits");
        }

        @Override
        public String hold(Hold hold) {
            assertThat(hold.reason()).startsWith(error);
            return "";
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\": \"words\"}",
                "{\"error\": {}}",
                "{\"error\": {\"message\": \"m\", \"code\": \"bad_thing\"}, \"choices\": [{\"message\": {}}]}",
                "{\"error\": {\"message\": \"m\", \"code\": 302}}",
                "{\"object\": \"error\", \"message\": \"m\"}"
            })
    void anErrorWithoutAStatusInsideAGoodAnswerIsLikeA502(String body) {
        Verdict verdict = of(counted(0, 0), answered(200, body));

        assertThat(verdict.outcome())
                .isInstanceOfSatisfying(
                        Requeue.class,
                        requeue -> assertThat(requeue.lastError()).startsWith("200 with error 502"));
        assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.FAILED);
    }

    @Test
    void aTimeOutInsideAGoodAnswerMayHaveBeenPaidFor() {
        Verdict verdict = of(counted(0, 0), answered(200, "{\"error\": {\"code\": 504}}"));

        assertThat(verdict.feedback().isFree()).isFalse();
    }

    @Test
    void aUsableChoiceBesideAnErrorIsTheReply() {
        String body = "{\"choices\": [{\"message\": {\"content\": \"half\"}}], \"error\": {\"code\": 502}}";

        assertThat(of(counted(0, 0), answered(200, body)).outcome()).isInstanceOf(Reply.class);
    }

    @Test
    void anEmptyChoiceWithoutAnErrorIsTheReply() {
        String body =
                "{\"choices\": [{\"message\": {\"content\": \"\"}, \"finish_reason\": \"length\"}], \"error\": null}";

        assertThat(of(counted(0, 0), answered(200, body)).outcome()).isInstanceOf(Reply.class);
    }

    @Test
    void a429NamesTheExceededUnit() {
        for (String type : new String[] {"dynamic_token_limited", "tokens", "TPM"}) {
            Verdict verdict = of(counted(0, 0), answered(429, ERROR.replace("some_type", type)));
            assertThat(verdict.feedback().exceeded()).as(type).isEqualTo(LimitUnit.TOKENS);
        }
        for (String type : new String[] {"dynamic_request_limited", "model_rate_limit", "requests"}) {
            Verdict verdict = of(counted(0, 0), answered(429, ERROR.replace("some_type", type)));
            assertThat(verdict.feedback().exceeded()).as(type).isEqualTo(LimitUnit.REQUESTS);
        }
    }

    @Test
    void usageAndAdvertisedLimitsOfAnAnswerReachTheLane() {
        String body = """
                {"choices": [{}], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 20}}""";
        Map<String, String> headers = Map.of(
                "x-ratelimit-limit", "10",
                "x-ratelimit-limit-dynamic", "12.5",
                "x-tokenlimit-limit", "4000");

        CallFeedback feedback = of(counted(0, 0), new CallResult.Answered(200, headers, body.getBytes(UTF_8), 1))
                .feedback();

        assertThat(feedback.usage()).contains(new TokenUsage(7, 13));
        assertThat(feedback.advertised())
                .isEqualTo(new AdvertisedLimits(OptionalDouble.of(12.5), OptionalDouble.of(4000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2147483647", "10000001", "-1", "9999999999", "1.5", "\"12\"", "[1]"})
    void anImpossibleCountOfTokensIsIgnored(String count) {
        String body = "{\"choices\": [{}], \"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": " + count + "}}";

        CallFeedback feedback = of(counted(0, 0), new CallResult.Answered(200, Map.of(), body.getBytes(UTF_8), 1))
                .feedback();

        assertThat(feedback.usage()).contains(new TokenUsage(7, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "many", "-1", "0", "NaN", "Infinity"})
    void anImpossibleAdvertisedLimitIsIgnored(String text) {
        Map<String, String> headers = Map.of("x-ratelimit-limit", text, "x-tokenlimit-limit-dynamic", text);

        CallFeedback feedback = of(counted(0, 0), new CallResult.Answered(429, headers, new byte[0], 1))
                .feedback();

        assertThat(feedback.advertised()).isEqualTo(AdvertisedLimits.NONE);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 410, 413, 415, 422, 431, 451, 499})
    void aRejectedRequestIsADeadLetterAtOnce(int status) {
        for (FakeEvidence evidence : new FakeEvidence[] {FakeEvidence.NONE, FakeEvidence.failing(1)}) {
            Verdict verdict = outcomes.classify(counted(1, 2), answered(status, ERROR), evidence, NOW)
                    .orElseThrow();

            assertThat(verdict.outcome())
                    .isEqualTo(new DeadLetter(
                                    Reason.REJECTED, OptionalInt.of(status), "words", 2, status + " some_type", 12)
                            .saying(SAID));
            assertThat(verdict.feedback()).isEqualTo(CallFeedback.rejected(status + " some_type"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 405, 421})
    void whatMayBeAboutTheUrlOrTheKeyRejectsARequestOnlyIfTheApiWorks(int status) {
        FakeEvidence works = FakeEvidence.NONE.withApiWorking(true);

        assertThat(outcome(answered(status, ERROR), works))
                .isEqualTo(
                        new DeadLetter(Reason.REJECTED, OptionalInt.of(status), "words", 1, status + " some_type", 12)
                                .saying(SAID));
        assertThat(outcomes.classify(counted(0, 0), answered(status, ERROR), FakeEvidence.NONE, NOW))
                .contains(new Verdict(
                        new Hold(status + " some_type: words"),
                        CallFeedback.failed(FailureKind.FOREIGN, status + " some_type: words", false)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"unsupported_country_region_territory", "permission_denied", "unknown_url", "invalid_api_key"})
    void aWordAboutTheRegionOrAPermissionRejectsARequestOnlyIfTheApiWorks(String word) {
        Answered answer = answered(400, ERROR.replace("some_type", word));

        assertThat(outcome(answer, FakeEvidence.NONE)).isEqualTo(new Hold("400 " + word + ": words"));
        assertThat(outcome(answer, FakeEvidence.NONE.withApiWorking(true)))
                .isInstanceOfSatisfying(
                        DeadLetter.class, dead -> assertThat(dead.reason()).isEqualTo(Reason.REJECTED));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "400 | {'object': 'error', 'message': 'words', 'type': 'some_type', 'code': 400} | 400 some_type",
                "400 | {'error': 'words'} | 400",
                "400 | {'detail': 'words'} | 400",
                "422 | {'detail': [{'msg': 'words'}]} | 422",
                "422 | {'error': {'message': 'words', 'code': 'some_code'}} | 422 some_code"
            })
    void everyOwnFormOfTheApiRejects(int status, String body, String error) {
        Answered answer = answered(status, body.replace('\'', '"'));

        assertThat(outcome(answer, FakeEvidence.NONE))
                .isEqualTo(new DeadLetter(Reason.REJECTED, OptionalInt.of(status), "words", 1, error, 12)
                        .saying(CompletionBody.read(answer.body()).error(status).orElseThrow()));
    }

    @Test
    void everyDeadLetterSaysWhatTheApiSaidAboutTheLastCall() {
        String words = "{\"message\": \"m\", \"type\": \"t\", \"code\": \"c\", \"param\": \"messages.0\"}";
        Answered rejected = answered(400, "{\"error\": " + words + "}");
        Answered failed = answered(500, "{\"error\": " + words + "}");
        Answered inside = answered(200, "{\"choices\": [{\"message\": {}}], \"error\": " + words + "}");

        assertThat(outcome(rejected, FakeEvidence.NONE)).satisfies(OutcomeClassifierTest::saysEverything);
        for (Answered answer : List.of(failed, inside)) {
            assertThat(retries().callUntilItEnds(answer, FakeEvidence.failing(0.05), 5))
                    .satisfies(OutcomeClassifierTest::saysEverything);
        }
        assertThat(outcome(new Failed("response_too_large", "words", true, 12), FakeEvidence.NONE))
                .isInstanceOfSatisfying(
                        DeadLetter.class, dead -> assertThat(dead.said()).isEqualTo(ApiError.NONE));
    }

    private static void saysEverything(Outcome outcome) {
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        DeadLetter.class,
                        dead -> assertThat(dead.said()).isEqualTo(new ApiError("m", "t", "c", "messages.0")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "403 | {'message': 'Forbidden'}",
                "403 | {'title': 'Error 1010', 'status': 403, 'detail': 'no', 'cloudflare_error': true}",
                "400 | {'title': 'Bad Request', 'status': 400, 'detail': 'no'}",
                "404 | {'detail': 'Not Found'}",
                "404 | {'timestamp': 1, 'status': 404, 'error': 'Not Found', 'path': '/v2'}",
                "400 | {'statusCode': 400, 'error': 'Bad Request', 'message': 'no'}"
            })
    void noFormOfAProxyRejectsEvenIfTheApiWorks(int status, String body) {
        Answered answer = answered(status, body.replace('\'', '"'));

        assertThat(outcome(answer, FakeEvidence.NONE)).isInstanceOf(Hold.class);
        assertThat(outcome(answer, FakeEvidence.failing(0.05))).isInstanceOf(Requeue.class);
    }

    @Test
    void onlyAShortCleanErrorTypeIsTaken() {
        String longType = ERROR.replace("some_type", "x".repeat(65));
        String oddType = ERROR.replace("some_type", "a\\r\\nb");

        assertThat(((DeadLetter) of(counted(0, 0), answered(400, longType)).outcome()).lastError())
                .isEqualTo("400");
        assertThat(((DeadLetter) of(counted(0, 0), answered(400, oddType)).outcome()).lastError())
                .isEqualTo("400");
        assertThat(((DeadLetter) of(counted(0, 0), answered(400, "{\"error\": {}}"))
                                .outcome())
                        .message())
                .isEqualTo("the API rejected the request");
    }

    @Test
    void aCancelledCallHasNoOutcome() {
        assertThat(outcomes.classify(counted(0, 0), new CallResult.Cancelled(1), FakeEvidence.NONE, NOW))
                .isEmpty();
    }

    @Test
    void noRequestWaitsBeyondItsExpiry() {
        Request request = Requests.ofModel("m").timed(NOW, 0, NOW + 2_000).build();

        Verdict limited = of(request, answered(429, ERROR, Map.of("x-ratelimit-reset", "30")));

        assertThat(limited.outcome()).isInstanceOfSatisfying(Requeue.class, requeue -> {
            assertThat(requeue.notBefore()).isEqualTo(NOW + 2_000);
            assertThat(requeue.tier()).isEmpty();
        });
    }

    @Test
    void isExpiredFromItsExpiryOn() {
        var record = Requests.ofModel("m").timed(NOW, 0, NOW + 10).input();

        assertThat(outcomes.isExpired(record, NOW + 9)).isFalse();
        assertThat(outcomes.isExpired(record, NOW + 10)).isTrue();
    }

    @Test
    void isExpiredBeyondTheMaxAgeCountedFromItsNotBefore() {
        long hour = Duration.ofHours(1).toMillis();
        var atOnce = Requests.ofModel("m").timed(NOW, 0, Long.MAX_VALUE).input();
        var later = Requests.ofModel("m").timed(NOW, NOW + hour, Long.MAX_VALUE).input();

        assertThat(outcomes.isExpired(atOnce, NOW + hour)).isFalse();
        assertThat(outcomes.isExpired(atOnce, NOW + hour + 1)).isTrue();
        assertThat(outcomes.isExpired(later, NOW + 2 * hour)).isFalse();
        assertThat(outcomes.isExpired(later, NOW + 2 * hour + 1)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "0, 1"})
    void isNoYoungerAfterBeingCalled(int attempts, int deferrals) {
        long hour = Duration.ofHours(1).toMillis();
        var calledAgain = Requests.ofModel("m")
                .counted(attempts, deferrals)
                .timed(NOW, NOW + hour, Long.MAX_VALUE)
                .input();

        assertThat(outcomes.isExpired(calledAgain, NOW + hour)).isFalse();
        assertThat(outcomes.isExpired(calledAgain, NOW + hour + 1)).isTrue();
    }

    @Test
    void withoutAMaxAgeNoRequestIsTooOld() {
        OutcomeClassifier patient = new OutcomeClassifier(MAX_ATTEMPTS, Optional.empty(), () -> 0.5);
        var record = Requests.ofModel("m").timed(0, 0, Long.MAX_VALUE).input();

        assertThat(patient.isExpired(record, Long.MAX_VALUE - 1)).isFalse();
    }

    @Test
    void anExpiredRequestIsADeadLetterThatWasNotCalled() {
        var record = Requests.ofModel("m").counted(2, 1).input();

        assertThat(outcomes.expired(record, NOW)).isInstanceOfSatisfying(DeadLetter.class, letter -> {
            assertThat(letter.reason()).isEqualTo(Reason.EXPIRED);
            assertThat(letter.attempts()).isEqualTo(2);
            assertThat(letter.httpStatus()).isEmpty();
            assertThat(letter.callMillis()).isZero();
            assertThat(letter.lastError()).isEmpty();
        });
    }

    @Test
    void nobodyMournsAnAskWhoseDeadlineHasPassed() {
        Requests ask = Requests.ofModel("m")
                .counted(2, 1)
                .withHeader(WireHeaders.CORRELATION_ID, "c")
                .timed(0, 0, NOW);

        assertThat(outcomes.expired(ask.input(), NOW))
                .isEqualTo(
                        new Unawaited(Reason.EXPIRED, "the request's time was over before it could be answered", 2, 0));
        assertThat(outcomes.expired(ask.timed(0, 0, NOW + 1).input(), NOW))
                .as("ended by the maximum age")
                .isInstanceOf(DeadLetter.class);
        assertThat(outcomes.expired(Requests.ofModel("m").timed(0, 0, NOW).input(), NOW))
                .as("no ask")
                .isInstanceOf(DeadLetter.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAbortedCallCancelsItsRequestAndSaysNothingOfTheApi(boolean mayHaveCost) {
        Request request = Requests.ofModel("m").counted(2, 1).build();

        Verdict verdict = outcomes.classify(request, new CallResult.Aborted(mayHaveCost, 40), FakeEvidence.NONE, NOW)
                .orElseThrow();

        assertThat(verdict.outcome()).isEqualTo(new Unawaited(Reason.CANCELLED, "the request was cancelled", 2, 40));
        assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.CANCELLED);
        assertThat(verdict.feedback().isFree()).isEqualTo(!mayHaveCost);
        assertThat(outcomes.cancelled(request.input()))
                .isEqualTo(new Unawaited(Reason.CANCELLED, "the request was cancelled", 2, 0));
    }

    @ParameterizedTest
    @CsvSource({"1, TEN_SECONDS", "59, TEN_SECONDS", "60, ONE_MINUTE", "3600, ONE_HOUR", "999999, ONE_HOUR"})
    void aPostponedRequestKeepsItsCountersAndItsNotBefore(long seconds, Tier tier) {
        long notBefore = NOW + seconds * 1000;
        var record = Requests.ofModel("m")
                .counted(2, 1)
                .timed(NOW, notBefore, Long.MAX_VALUE)
                .input();

        assertThat(outcomes.postponed(record, NOW)).isEqualTo(new Requeue(Optional.of(tier), notBefore, 2, 1, ""));
    }

    @Test
    void aPostponedRequestKeepsTheEvidenceAgainstIt() {
        Requests later = Requests.ofModel("m")
                .timed(NOW, NOW + TEN_MINUTES, Long.MAX_VALUE)
                .withHeader(WireHeaders.SUSPICION, "failed=1 limited=20 alone=3 costly=4");

        assertThat(outcomes.postponed(later.counted(2, 1).input(), NOW))
                .isInstanceOfSatisfying(
                        Requeue.class,
                        requeue -> assertThat(requeue.suspicion()).isEqualTo(new SuspicionLevel(1, 20, 3, 4)));
        assertThat(outcomes.postponed(later.input(), NOW))
                .as("never called")
                .isInstanceOfSatisfying(
                        Requeue.class,
                        requeue -> assertThat(requeue.suspicion()).isEqualTo(SuspicionLevel.NONE));
    }

    private Verdict of(Request request, CallResult result) {
        return outcomes.classify(request, result, FakeEvidence.failing(0.05), NOW)
                .orElseThrow();
    }

    private Outcome outcome(CallResult result, FakeEvidence evidence) {
        return outcomes.classify(counted(0, 0), result, evidence, NOW)
                .orElseThrow()
                .outcome();
    }

    private static Retries retries() {
        return new Retries(new OutcomeClassifier(MAX_ATTEMPTS, Optional.empty(), () -> 0.5), NOW);
    }

    private static SuspicionLevel failedOnce() {
        return new SuspicionLevel(300, 0, 0, 0);
    }

    private static SuspicionLevel limitedOnce() {
        return new SuspicionLevel(0, 300, 0, 0);
    }

    private static Request counted(int attempts, int deferrals) {
        return Requests.ofModel("m")
                .counted(attempts, deferrals)
                .timed(NOW, 0, Long.MAX_VALUE)
                .build();
    }

    private static Answered answered(int status, String body) {
        return answered(status, body, Map.of());
    }

    private static Answered answered(int status, String body, Map<String, String> headers) {
        return new Answered(status, headers, body.getBytes(UTF_8), 12);
    }
}
