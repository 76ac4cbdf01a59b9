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
 * Decides what becomes of a request, from the result of its call. Pure: the same arguments give the same outcome, but
 * for the jitter. Thread-safe if its randomness is.
 *
 * <p>Two counters are kept apart: <em>attempts</em> are real failures and lead to the dead-letter topic;
 * <em>deferrals</em> are not the request's fault and never do.
 */
public final class OutcomeClassifier {
    /** Failures without an answer that may be the request's own: it asks for more than can be made or taken in time. */
    private static final Set<String> OWN_FAILURES = Set.of("timeout", "response_too_large");

    /** What is said of a refusal that an edge in front of the API made up: it has no words of the API's. */
    private static final String EDGE = "403 edge";
    /** Whoever reads that the API does not take the key wants to know where it came from. */
    private static final String KEY_REMEDY =
            ": check the API key (--api-key-file or " + TogetherApi.API_KEY_VARIABLE + ")";

    private final int maxAttempts;
    private final long maxAgeMillis;
    private final Backoff backoff;

    /** @param random uniform in [0, 1) */
    public OutcomeClassifier(int maxAttempts, Optional<Duration> maxAge, DoubleSupplier random) {
        this.maxAttempts = maxAttempts;
        this.maxAgeMillis = maxAge.map(Duration::toMillis).orElse(Long.MAX_VALUE);
        this.backoff = new Backoff(random);
    }

    /** An outcome, and what the call says about the lane it came from. */
    public record Verdict(Outcome outcome, CallFeedback feedback) {}

    /**
     * What becomes of a request that was called. A call that we cancelled has no outcome: its request belongs to
     * another worker by now.
     *
     * @param standing of the request in its lane when the call ended
     */
    public Optional<Verdict> of(Request request, CallResult result, FailureBlame standing, long nowMillis) {
        if (result instanceof Answered answered) {
            return Optional.of(answered(request, answered, standing, nowMillis));
        }
        if (result instanceof CallResult.Failed failed) {
            Failure failure = new Failure(
                    OptionalInt.empty(),
                    failed.error(),
                    failed.message(),
                    OWN_FAILURES.contains(failed.error()),
                    Duration.ZERO,
                    failed.tookMillis());
            return Optional.of(failed(request, failure, standing, nowMillis));
        }
        return Optional.empty();
    }

    /** What becomes of a request that is not called at all. */
    public Outcome refused(InputRecord envelope, Reason reason, String problem) {
        return new Outcome.DeadLetter(reason, OptionalInt.empty(), problem, envelope.attempts(), "", 0);
    }

    /**
     * What becomes of a request that was held because an edge refused it, when the next one passed: it was refused for
     * what it says.
     */
    public Outcome blamed(Request request, long nowMillis) {
        Failure failure = new Failure(
                OptionalInt.of(403), EDGE, "an edge in front of the API refuses the request", true, Duration.ZERO, 0);
        return failed(request, failure, FailureBlame.FLOWING, nowMillis).outcome();
    }

    /** What becomes of a request whose time is over. */
    public Outcome expired(InputRecord envelope) {
        return refused(envelope, Reason.EXPIRED, "the request's time was over before it could be answered");
    }

    /**
     * What becomes of a request that is due later than intake can hold it: nothing but its place changes. Always a
     * tier, even for one that is due soon and found no space: from the retry topic it would come straight back.
     */
    public Outcome postponed(InputRecord envelope, long nowMillis) {
        Duration remaining = Duration.ofMillis(envelope.notBefore() - nowMillis);
        return new Outcome.Requeue(
                Optional.of(Tier.within(remaining)),
                envelope.notBefore(),
                envelope.attempts(),
                envelope.deferrals(),
                "");
    }

    /** Back after this delay; where its time is over before that, then, to be told so. */
    private Outcome requeue(
            InputRecord envelope, long delayMillis, long nowMillis, int attempts, int deferrals, String error) {
        long over = Math.max(0, envelope.isOverAt(maxAgeMillis) - nowMillis);
        long delay = Math.min(delayMillis, over);
        // a shorter delay needs no tier: intake holds the request in memory until it is due
        Optional<Tier> tier = delay <= DueGate.HORIZON.toMillis()
                ? Optional.empty()
                : Optional.of(Tier.within(Duration.ofMillis(delay)));
        return new Outcome.Requeue(tier, nowMillis + delay, attempts, deferrals, error);
    }

    /**
     * Whether a request is not to be called any more: past its own expiry, or older than the oldest that is called.
     * Once it was called its not-before is ours: counted from that it would grow younger with each call.
     */
    public boolean isExpired(InputRecord envelope, long nowMillis) {
        return nowMillis >= envelope.isOverAt(maxAgeMillis);
    }

    private Verdict answered(Request request, Answered answer, FailureBlame standing, long nowMillis) {
        CompletionBody body = CompletionBody.read(answer.body());
        Verdict verdict = judged(request, answer, body, standing, nowMillis);
        CallFeedback feedback =
                verdict.feedback().with(AdvertisedLimits.read(answer.headers())).with(body.usage());
        return new Verdict(verdict.outcome(), feedback);
    }

    private Verdict judged(
            Request request, Answered answer, CompletionBody body, FailureBlame standing, long nowMillis) {
        int status = answer.status();
        if (status == 200 && body.hasChoices()) {
            return new Verdict(new Outcome.Reply(status, answer.body(), answer.tookMillis()), CallFeedback.PASSED);
        }
        if (status == 429) {
            return limited(request, answer, body, nowMillis);
        }
        if (status == 401 || status == 402) {
            String reason = error(status, body) + (status == 401 ? KEY_REMEDY : "");
            return new Verdict(new Outcome.Hold(reason), CallFeedback.blocked(reason));
        }
        if (status == 403 && !body.isJson()) {
            return new Verdict(new Outcome.Hold(EDGE), CallFeedback.blockedByEdge(EDGE));
        }
        if (isRequestsFault(status)) {
            return rejected(request, answer, body);
        }
        return failed(request, failure(answer, body, nowMillis), standing, nowMillis);
    }

    private static boolean isRequestsFault(int status) {
        return status >= 400 && status < 500 && status != 408 && status != 409 && status != 425;
    }

    private Verdict limited(Request request, Answered answer, CompletionBody body, long nowMillis) {
        Duration hint = RetryHint.read(answer.headers(), nowMillis);
        InputRecord envelope = request.envelope();
        long delay = Math.max(hint.toMillis(), backoff.millis(envelope.deferrals()));
        Outcome requeue =
                requeue(envelope, delay, nowMillis, envelope.attempts(), envelope.deferrals() + 1, error(429, body));
        return new Verdict(requeue, CallFeedback.limited(body.exceededUnit(), hint));
    }

    private static Verdict rejected(Request request, Answered answer, CompletionBody body) {
        Outcome deadLetter = new Outcome.DeadLetter(
                Reason.REJECTED,
                OptionalInt.of(answer.status()),
                message(body, "the API refused the request"),
                request.envelope().attempts() + 1,
                error(answer.status(), body),
                answer.tookMillis());
        return new Verdict(deadLetter, CallFeedback.PASSED);
    }

    /**
     * A call that failed through no evident fault of its request.
     *
     * @param maybeOwn whether the request may be at fault all the same: not where nothing was reached but an edge
     */
    private record Failure(
            OptionalInt status, String error, String message, boolean maybeOwn, Duration hint, long callMillis) {}

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

    private Verdict failed(Request request, Failure failure, FailureBlame standing, long nowMillis) {
        CallFeedback feedback = CallFeedback.unavailable(failure.error());
        if (standing == FailureBlame.HELD || (standing == FailureBlame.ALONE && !failure.maybeOwn())) {
            return new Verdict(new Outcome.Hold(failure.error()), feedback);
        }
        InputRecord envelope = request.envelope();
        int attempts = envelope.attempts() + 1;
        if (attempts >= maxAttempts) {
            return new Verdict(exhausted(attempts, failure), feedback);
        }
        long delay = Math.max(failure.hint().toMillis(), backoff.millis(envelope.attempts()));
        return new Verdict(
                requeue(envelope, delay, nowMillis, attempts, envelope.deferrals(), failure.error()), feedback);
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

    /** Such as {@code 429 dynamic_request_limited}; the provider's word is foreign text and kept short. */
    private static String error(int status, CompletionBody body) {
        String type = Objects.requireNonNullElse(body.errorType(), "");
        return type.matches("[\\w.-]{1,64}") ? status + " " + type : Integer.toString(status);
    }

    private static String message(CompletionBody body, String otherwise) {
        return Objects.requireNonNullElse(body.errorMessage(), otherwise);
    }
}
