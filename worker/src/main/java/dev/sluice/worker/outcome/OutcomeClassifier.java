package dev.sluice.worker.outcome;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.intake.DueGate;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.FailureBlame;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.CompletionBody;
import dev.sluice.worker.provider.RetryHint;
import dev.sluice.worker.provider.TogetherApi;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.DoubleSupplier;

/**
 * Decides from the result of a call what becomes of its request. It is a pure function except for the jitter of the
 * backoff, and thread-safe if its randomness is.
 *
 * <p>Two counters are kept apart. <em>Attempts</em> count real failures and lead to the dead-letter topic.
 * <em>Deferrals</em> count delays that are not the request's fault, and never lead there.
 */
public final class OutcomeClassifier {
    /** Failures that the request itself may cause, by asking for too long an answer. */
    private static final Set<String> FAILURES_BY_REQUEST = Set.of("timeout", "response_too_large");

    /** The error of a 403 that an edge in front of the API made up. Its body has no words of the API. */
    private static final String EDGE_ERROR = "403 edge";

    private static final String KEY_REMEDY =
            ": check the API key (--api-key-file or " + TogetherApi.API_KEY_VARIABLE + ")";

    private final int maxAttempts;
    private final long maxAgeMillis;
    private final Backoff backoff;

    /**
     * Creates a classifier.
     *
     * @param maxAttempts the failed call with this number makes a dead letter
     * @param maxAge the oldest request that is still called
     * @param random a source of numbers in [0, 1)
     */
    public OutcomeClassifier(int maxAttempts, Optional<Duration> maxAge, DoubleSupplier random) {
        this.maxAttempts = maxAttempts;
        this.maxAgeMillis = maxAge.map(Duration::toMillis).orElse(Long.MAX_VALUE);
        this.backoff = new Backoff(random);
    }

    /** The outcome of a request and the feedback of its call to the lane. */
    public record Verdict(Outcome outcome, CallFeedback feedback) {}

    /**
     * Returns the verdict on a request that was called. It is empty if we cancelled the call: the request belongs to
     * another worker by then.
     *
     * @param blame the lane's opinion on who is to blame, at the time the call ended
     */
    public Optional<Verdict> classify(Request request, CallResult result, FailureBlame blame, long nowMillis) {
        if (result instanceof Answered answered) {
            return Optional.of(answered(request, answered, blame, nowMillis));
        }
        if (result instanceof CallResult.Failed failed) {
            Failure failure = new Failure(
                    OptionalInt.empty(),
                    failed.error(),
                    failed.message(),
                    FAILURES_BY_REQUEST.contains(failed.error()),
                    Duration.ZERO,
                    failed.tookMillis());
            return Optional.of(failed(request, failure, blame, nowMillis));
        }
        return Optional.empty();
    }

    /** Returns the outcome of a record that we refuse to call. */
    public Outcome refused(InputRecord record, Reason reason, String problem) {
        return new Outcome.DeadLetter(reason, OptionalInt.empty(), problem, record.attempts(), "", 0);
    }

    /**
     * Returns the outcome of a request that an edge rejected and that was held since. The next probe has passed, so
     * that the edge objected to what this request says.
     */
    public Outcome blamed(Request request, long nowMillis) {
        Failure failure = new Failure(
                OptionalInt.of(403),
                EDGE_ERROR,
                "an edge in front of the API rejects the request",
                true,
                Duration.ZERO,
                0);
        return failed(request, failure, FailureBlame.FLOWING, nowMillis).outcome();
    }

    /** Returns the outcome of a request whose time is over. */
    public Outcome expired(InputRecord record) {
        return refused(record, Reason.EXPIRED, "the request's time was over before it could be answered");
    }

    /**
     * Returns the outcome of a request that is due later than intake can keep it in memory. It moves to a delay tier
     * and is otherwise unchanged. That holds even for a request that is due soon and found no space, because it would
     * come straight back from the retry topic.
     */
    public Outcome postponed(InputRecord record, long nowMillis) {
        Duration remaining = Duration.ofMillis(record.notBefore() - nowMillis);
        return new Outcome.Requeue(
                Optional.of(Tier.within(remaining)), record.notBefore(), record.attempts(), record.deferrals(), "");
    }

    /**
     * Returns true if a request must not be called any more because it has expired or exceeds the maximum age. The age
     * never counts from a not-before that we have set ourselves: the request would grow younger with every call.
     */
    public boolean isExpired(InputRecord record, long nowMillis) {
        return nowMillis >= record.deadline(maxAgeMillis);
    }

    private Outcome requeue(
            InputRecord record, long delayMillis, long nowMillis, int attempts, int deferrals, String error) {
        // A request that expires during the delay comes back at that moment and becomes a dead letter.
        long remaining = Math.max(0, record.deadline(maxAgeMillis) - nowMillis);
        long delay = Math.min(delayMillis, remaining);
        // A shorter delay needs no tier: intake holds the request in memory until it is due.
        Optional<Tier> tier = delay <= DueGate.HORIZON.toMillis()
                ? Optional.empty()
                : Optional.of(Tier.within(Duration.ofMillis(delay)));
        return new Outcome.Requeue(tier, nowMillis + delay, attempts, deferrals, error);
    }

    private Verdict answered(Request request, Answered answer, FailureBlame blame, long nowMillis) {
        CompletionBody body = CompletionBody.read(answer.body());
        Verdict verdict = byStatus(request, answer, body, blame, nowMillis);
        CallFeedback feedback =
                verdict.feedback().with(AdvertisedLimits.read(answer.headers())).with(body.usage());
        return new Verdict(verdict.outcome(), feedback);
    }

    private Verdict byStatus(
            Request request, Answered answer, CompletionBody body, FailureBlame blame, long nowMillis) {
        int status = answer.status();
        if (status == 200 && body.hasChoices()) {
            return new Verdict(new Outcome.Reply(status, answer.body(), answer.tookMillis()), CallFeedback.PASSED);
        }
        if (status == 429) {
            return rateLimited(request, answer, body, nowMillis);
        }
        if (status == 401 || status == 402) {
            String reason = error(status, body) + (status == 401 ? KEY_REMEDY : "");
            return new Verdict(new Outcome.Hold(reason), CallFeedback.blocked(reason));
        }
        // The API's own 403 has a JSON body and is about the request. An edge answers with HTML or nothing.
        if (status == 403 && !body.isJson()) {
            return new Verdict(new Outcome.Hold(EDGE_ERROR), CallFeedback.blockedByEdge(EDGE_ERROR));
        }
        if (isFaultOfRequest(status)) {
            return rejected(request, answer, body);
        }
        return failed(request, failure(answer, body, nowMillis), blame, nowMillis);
    }

    private static boolean isFaultOfRequest(int status) {
        // 408, 409 and 425 may pass the next time.
        return status >= 400 && status < 500 && status != 408 && status != 409 && status != 425;
    }

    private Verdict rateLimited(Request request, Answered answer, CompletionBody body, long nowMillis) {
        Duration hint = RetryHint.read(answer.headers(), nowMillis);
        InputRecord record = request.input();
        long delay = Math.max(hint.toMillis(), backoff.millis(record.deferrals()));
        Outcome requeue =
                requeue(record, delay, nowMillis, record.attempts(), record.deferrals() + 1, error(429, body));
        // The lane waits only as long as the API says. The backoff is this request's own.
        return new Verdict(requeue, CallFeedback.limited(body.exceededUnit(), hint));
    }

    private static Verdict rejected(Request request, Answered answer, CompletionBody body) {
        Outcome deadLetter = new Outcome.DeadLetter(
                Reason.REJECTED,
                OptionalInt.of(answer.status()),
                message(body, "the API rejected the request"),
                request.input().attempts() + 1,
                error(answer.status(), body),
                answer.tookMillis());
        return new Verdict(deadLetter, CallFeedback.PASSED);
    }

    /**
     * A failed call that is not evidently the fault of its request.
     *
     * @param maybeByRequest true if the request may be at fault all the same; false if only an edge was reached
     */
    private record Failure(
            OptionalInt status, String error, String message, boolean maybeByRequest, Duration hint, long callMillis) {}

    private static Failure failure(Answered answer, CompletionBody body, long nowMillis) {
        boolean unusable = answer.status() < 400;
        return new Failure(
                OptionalInt.of(answer.status()),
                unusable ? answer.status() + " unusable_body" : error(answer.status(), body),
                unusable ? "the API's answer is no completion" : message(body, "the API failed"),
                answer.status() <= 500,
                RetryHint.read(answer.headers(), nowMillis),
                answer.tookMillis());
    }

    private Verdict failed(Request request, Failure failure, FailureBlame blame, long nowMillis) {
        CallFeedback feedback = CallFeedback.unavailable(failure.error());
        if (blame == FailureBlame.HELD || (blame == FailureBlame.ALONE && !failure.maybeByRequest())) {
            return new Verdict(new Outcome.Hold(failure.error()), feedback);
        }
        InputRecord record = request.input();
        int attempts = record.attempts() + 1;
        if (attempts >= maxAttempts) {
            return new Verdict(exhausted(attempts, failure), feedback);
        }
        long delay = Math.max(failure.hint().toMillis(), backoff.millis(record.attempts()));
        return new Verdict(requeue(record, delay, nowMillis, attempts, record.deferrals(), failure.error()), feedback);
    }

    private static Outcome exhausted(int attempts, Failure failure) {
        return new Outcome.DeadLetter(
                Reason.ATTEMPTS_EXHAUSTED,
                failure.status(),
                failure.message(),
                attempts,
                failure.error(),
                failure.callMillis());
    }

    /** Returns the status with the provider's type, such as {@code 429 dynamic_request_limited}. */
    private static String error(int status, CompletionBody body) {
        String type = Objects.requireNonNullElse(body.errorType(), "");
        // The type goes into headers and logs and is foreign text: only a short, clean word is taken.
        return type.matches("[\\w.-]{1,64}") ? status + " " + type : Integer.toString(status);
    }

    private static String message(CompletionBody body, String otherwise) {
        return Objects.requireNonNullElse(body.errorMessage(), otherwise);
    }
}
