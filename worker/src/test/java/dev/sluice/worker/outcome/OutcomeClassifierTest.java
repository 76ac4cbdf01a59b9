package dev.sluice.worker.outcome;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.outcome.Outcome.DeadLetter;
import dev.sluice.worker.outcome.Outcome.Hold;
import dev.sluice.worker.outcome.Outcome.Reply;
import dev.sluice.worker.outcome.Outcome.Requeue;
import dev.sluice.worker.outcome.OutcomeClassifier.Verdict;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.FailureBlame;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
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
    private static final String HTML = "<html>edge</html>";

    // The backoff is always half of its ceiling.
    private final OutcomeClassifier outcomes =
            new OutcomeClassifier(MAX_ATTEMPTS, Optional.of(Duration.ofHours(1)), () -> 0.5);

    @Test
    void aCompletionIsTheReplyByteForByte() {
        Answered answer = answered(200, COMPLETION);

        Verdict verdict = of(counted(0, 0), answer);

        assertThat(verdict).isEqualTo(new Verdict(new Reply(200, answer.body(), 12), CallFeedback.PASSED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"id\": 1}", "{\"choices\": []}", HTML, "", "{\"choices\": [1]", "{\"choices\": [1]} x"})
    void aGoodStatusWithoutACompletionIsAFailure(String body) {
        Verdict verdict = of(counted(1, 3), answered(200, body));

        assertThat(verdict.outcome()).isEqualTo(new Requeue(Optional.empty(), NOW + 1000, 2, 3, "200 unusable_body"));
        assertThat(verdict.feedback()).isEqualTo(CallFeedback.unavailable("200 unusable_body"));
    }

    @ParameterizedTest
    @ValueSource(ints = {201, 204, 301, 302, 307, 308, 408, 409, 425, 500, 501, 502, 503, 504, 520, 524, 529, 599})
    void aFailureOfTheApiCountsAsAnAttempt(int status) {
        for (String body : new String[] {ERROR, HTML, ""}) {
            Verdict verdict = of(counted(2, 7), answered(status, body));

            assertThat(verdict.outcome()).isInstanceOfSatisfying(Requeue.class, requeue -> {
                assertThat(requeue.attempts()).isEqualTo(3);
                assertThat(requeue.deferrals()).isEqualTo(7);
                assertThat(requeue.notBefore()).isEqualTo(NOW + 2000);
                assertThat(requeue.tier()).isEmpty();
                assertThat(requeue.lastError()).startsWith(Integer.toString(status));
            });
            assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.UNAVAILABLE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"timeout", "connection", "response_too_large"})
    void aCallWithoutAnAnswerCountsAsAnAttempt(String error) {
        Verdict verdict = of(counted(0, 1), new CallResult.Failed(error, "words", 12));

        assertThat(verdict.outcome()).isEqualTo(new Requeue(Optional.empty(), NOW + 500, 1, 1, error));
        assertThat(verdict.feedback()).isEqualTo(CallFeedback.unavailable(error));
    }

    @Test
    void theLastAttemptEndsInADeadLetter() {
        assertThat(of(counted(MAX_ATTEMPTS - 2, 9), answered(500, ERROR)).outcome())
                .isInstanceOf(Requeue.class);

        assertThat(of(counted(MAX_ATTEMPTS - 1, 9), answered(500, ERROR)).outcome())
                .isEqualTo(new DeadLetter(
                        Reason.ATTEMPTS_EXHAUSTED, OptionalInt.of(500), "words", 5, "500 some_type", 12));
        assertThat(of(counted(MAX_ATTEMPTS - 1, 9), new CallResult.Failed("timeout", "late", 12))
                        .outcome())
                .isEqualTo(new DeadLetter(Reason.ATTEMPTS_EXHAUSTED, OptionalInt.empty(), "late", 5, "timeout", 12));
    }

    @Test
    void aFailureWhileTheLaneIsHeldIsNotTheFaultOfTheRequest() {
        Request request = counted(MAX_ATTEMPTS - 1, 0);

        for (CallResult failure : new CallResult[] {
            answered(503, HTML), answered(408, ERROR), answered(200, HTML), new CallResult.Failed("timeout", "late", 1)
        }) {
            assertThat(outcomes.classify(request, failure, FailureBlame.HELD, NOW)
                            .orElseThrow())
                    .satisfies(verdict -> {
                        assertThat(verdict.outcome()).isInstanceOf(Hold.class);
                        assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.UNAVAILABLE);
                    });
        }
    }

    @Test
    void theOnlyProbeIsChargedForFailuresThatItMayCause() {
        Request request = counted(1, 0);

        for (CallResult failure : new CallResult[] {
            answered(500, ERROR),
            answered(408, ERROR),
            answered(200, HTML),
            new CallResult.Failed("timeout", "late", 1),
            new CallResult.Failed("response_too_large", "large", 1)
        }) {
            assertThat(whileAlone(request, failure)).isInstanceOf(Requeue.class);
        }
    }

    @Test
    void noProbeIsChargedForAnOutage() {
        Request request = counted(MAX_ATTEMPTS - 1, 0);

        for (CallResult outage : new CallResult[] {
            answered(502, HTML),
            answered(503, ERROR),
            answered(529, ERROR),
            answered(401, ERROR),
            new CallResult.Failed("connection", "refused", 1),
            new CallResult.Failed("unsendable", "no key", 1)
        }) {
            assertThat(whileAlone(request, outage)).isInstanceOf(Hold.class);
        }
    }

    @Test
    void anEvidentResultIsNotHeldWhileTheLaneIsHeld() {
        Request request = counted(0, 0);

        assertThat(whileHeld(request, answered(200, COMPLETION))).isInstanceOf(Reply.class);
        assertThat(whileHeld(request, answered(429, ERROR))).isInstanceOf(Requeue.class);
        assertThat(whileHeld(request, answered(400, ERROR))).isInstanceOf(DeadLetter.class);
        assertThat(whileHeld(request, answered(401, ERROR))).isInstanceOf(Hold.class);
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

        assertThat(verdict.outcome()).isEqualTo(new Requeue(Optional.empty(), NOW + delay, 4, 1, "429 some_type"));
        assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.LIMITED);
    }

    @Test
    void theLaneWaitsOnlyAsLongAsTheApiSays() {
        assertThat(of(counted(0, 0), answered(429, ERROR)).feedback())
                .isEqualTo(CallFeedback.limited(LimitUnit.REQUESTS, Duration.ZERO));
        assertThat(of(counted(0, 9), answered(429, HTML, Map.of("retry-after", "2")))
                        .feedback())
                .isEqualTo(CallFeedback.limited(LimitUnit.REQUESTS, Duration.ofSeconds(2)));
    }

    @Test
    void noNumberOfRateLimitsCountsAsAnAttempt() {
        Request request = counted(MAX_ATTEMPTS - 1, 1_000_000);

        assertThat(of(request, answered(429, ERROR)).outcome())
                .isEqualTo(new Requeue(Optional.of(Tier.TEN_SECONDS), NOW + 30_000, 4, 1_000_001, "429 some_type"));
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
    @ValueSource(ints = {401, 402})
    void aRejectedKeyOrAccountHoldsWhateverTheBody(int status) {
        for (String body : new String[] {ERROR, HTML, ""}) {
            Verdict verdict = of(counted(MAX_ATTEMPTS - 1, 0), answered(status, body));

            assertThat(verdict.outcome()).isInstanceOf(Hold.class);
            assertThat(verdict.feedback().kind()).isEqualTo(CallFeedback.Kind.BLOCKED);
        }
    }

    @Test
    void aRequestThatOnlyTheEdgeRejectsIsAnAttemptAndFinallyADeadLetter() {
        assertThat(outcomes.blamed(counted(0, 3), NOW)).isInstanceOfSatisfying(Requeue.class, requeue -> {
            assertThat(requeue.attempts()).isEqualTo(1);
            assertThat(requeue.deferrals()).isEqualTo(3);
            assertThat(requeue.lastError()).isEqualTo("403 edge");
        });
        assertThat(outcomes.blamed(counted(MAX_ATTEMPTS - 1, 0), NOW))
                .isInstanceOfSatisfying(DeadLetter.class, letter -> {
                    assertThat(letter.reason()).isEqualTo(Reason.ATTEMPTS_EXHAUSTED);
                    assertThat(letter.httpStatus()).hasValue(403);
                });
    }

    @Test
    void a429NamesTheExceededUnit() {
        for (String type : new String[] {"dynamic_token_limited", "tokens", "TPM"}) {
            Verdict verdict = of(counted(0, 0), answered(429, ERROR.replace("some_type", type)));
            assertThat(verdict.feedback().exceeded()).as(type).isEqualTo(LimitUnit.TOKENS);
        }
        for (String type : new String[] {"dynamic_request_limited", "credit_limit", "model_rate_limit"}) {
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

    @Test
    void a403OfAnEdgeHoldsAndA403OfTheApiRejectsTheRequest() {
        assertThat(of(counted(0, 0), answered(403, HTML)))
                .isEqualTo(new Verdict(new Hold("403 edge"), CallFeedback.blockedByEdge("403 edge")));
        assertThat(of(counted(0, 0), answered(403, "")).outcome()).isInstanceOf(Hold.class);
        assertThat(of(counted(0, 0), answered(403, ERROR)).outcome()).isInstanceOf(DeadLetter.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 405, 410, 413, 415, 422, 431, 451, 499})
    void aRejectedRequestIsADeadLetterAtOnce(int status) {
        Verdict verdict = of(counted(1, 2), answered(status, ERROR));

        assertThat(verdict.outcome())
                .isEqualTo(
                        new DeadLetter(Reason.REJECTED, OptionalInt.of(status), "words", 2, status + " some_type", 12));
        assertThat(verdict.feedback()).isEqualTo(CallFeedback.PASSED);
    }

    @Test
    void onlyAShortCleanErrorTypeIsTaken() {
        String longType = ERROR.replace("some_type", "x".repeat(65));
        String oddType = ERROR.replace("some_type", "a\\r\\nb");

        assertThat(((DeadLetter) of(counted(0, 0), answered(400, longType)).outcome()).lastError())
                .isEqualTo("400");
        assertThat(((DeadLetter) of(counted(0, 0), answered(400, oddType)).outcome()).lastError())
                .isEqualTo("400");
        assertThat(((DeadLetter) of(counted(0, 0), answered(400, HTML)).outcome()).message())
                .isEqualTo("the API rejected the request");
    }

    @Test
    void aCancelledCallHasNoOutcome() {
        assertThat(outcomes.classify(counted(0, 0), new CallResult.Cancelled(1), FailureBlame.FLOWING, NOW))
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

        assertThat(outcomes.expired(record)).isInstanceOfSatisfying(DeadLetter.class, letter -> {
            assertThat(letter.reason()).isEqualTo(Reason.EXPIRED);
            assertThat(letter.attempts()).isEqualTo(2);
            assertThat(letter.httpStatus()).isEmpty();
            assertThat(letter.callMillis()).isZero();
            assertThat(letter.lastError()).isEmpty();
        });
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

    private Verdict of(Request request, CallResult result) {
        return outcomes.classify(request, result, FailureBlame.FLOWING, NOW).orElseThrow();
    }

    private Outcome whileHeld(Request request, CallResult result) {
        return outcomes.classify(request, result, FailureBlame.HELD, NOW)
                .orElseThrow()
                .outcome();
    }

    private Outcome whileAlone(Request request, CallResult result) {
        return outcomes.classify(request, result, FailureBlame.ALONE, NOW)
                .orElseThrow()
                .outcome();
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
