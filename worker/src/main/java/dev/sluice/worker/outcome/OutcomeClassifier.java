package dev.sluice.worker.outcome;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.intake.DueGate;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.FailureKind;
import dev.sluice.worker.pace.LaneEvidence;
import dev.sluice.worker.pace.OtherCalls;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.ApiError;
import dev.sluice.worker.provider.RetryHint;
import dev.sluice.worker.provider.TogetherApi;
import dev.sluice.worker.text.PrintableText;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.DoubleSupplier;

/**
 * Decides from the result of a call what becomes of its request. It is a pure function except for the jitter of the
 * backoff, and thread-safe if its randomness is.
 *
 * <p>Only the API's own word, or a comparison with other requests, blames a request. Everything else is the fault of
 * the surroundings, and holds the lane instead. The comparison is the {@link BlameRule}'s: a request is given up after
 * at least {@code maxAttempts} failures that a request without fault would meet once in a million cases.
 *
 * <p>Two counters are kept apart. <em>Attempts</em> count failures and can lead to the dead-letter topic.
 * <em>Deferrals</em> count delays by the rate limit.
 */
public final class OutcomeClassifier {
    private static final String KEY_REMEDY =
            ": check the API key (--api-key-file or " + TogetherApi.API_KEY_VARIABLE + ")";

    private static final String PROXY_REMEDY = ": give the proxy's user and password (--api-proxy)";

    /** Statuses that may be about the URL or the key as well as about the request. */
    private static final Set<Integer> STATUSES_OF_ACCESS = Set.of(403, 404, 405, 421);

    /** A 429 with a quota word and a longer hint than this, or none, is no ordinary rate limit. */
    private static final Duration LONGEST_RATE_LIMIT = Duration.ofMinutes(1);

    private static final int MAX_REASON = 300;

    /** The longest name of a host in the DNS. */
    private static final int MAX_HOST = 255;

    private final BlameRule blame;
    private final long maxAgeMillis;
    private final Backoff backoff;

    /**
     * Creates a classifier.
     *
     * @param maxAttempts the least number of failed calls that make a dead letter
     * @param maxAge the oldest request that is still called
     * @param random a source of numbers in [0, 1)
     */
    public OutcomeClassifier(int maxAttempts, Optional<Duration> maxAge, DoubleSupplier random) {
        this.blame = new BlameRule(maxAttempts);
        this.maxAgeMillis = maxAge.map(Duration::toMillis).orElse(Long.MAX_VALUE);
        this.backoff = new Backoff(random);
    }

    /** The outcome of a request and the feedback of its call to the lane. */
    public record Verdict(Outcome outcome, CallFeedback feedback) {}

    /**
     * Returns the verdict on a request that was called. It is empty if its call was cancelled: the request belongs to
     * another worker by then.
     *
     * @param evidence what was known of other requests when the call ended
     */
    public Optional<Verdict> classify(Request request, CallResult result, LaneEvidence evidence, long nowMillis) {
        if (result instanceof Answered answered) {
            Verdict verdict = answered(request, answered, evidence, nowMillis);
            return Optional.of(ofStream(request, verdict, answered.stream(), answered.tookMillis()));
        }
        if (result instanceof CallResult.Failed failed) {
            Verdict verdict = unanswered(request, failed, evidence, nowMillis);
            return Optional.of(ofStream(request, verdict, failed.stream(), failed.tookMillis()));
        }
        if (result instanceof CallResult.Aborted aborted) {
            return Optional.of(new Verdict(
                    cancelled(request.input(), aborted.tookMillis()), CallFeedback.aborted(aborted.mayHaveCost())));
        }
        return Optional.empty();
    }

    private static Verdict ofStream(
            Request request, Verdict verdict, Optional<CallResult.Stream> stream, long callMillis) {
        if (stream.isEmpty()) {
            return verdict;
        }
        Outcome outcome =
                stream.get().isPublished() ? afterPieces(request, verdict.outcome(), callMillis) : verdict.outcome();
        return new Verdict(outcome, verdict.feedback().producing(stream.get().tokens()));
    }

    /**
     * Ends a request that would be called again although pieces of its answer have been published. Another answer does
     * not go on where this one broke off, and would be paid for as well.
     */
    private static Outcome afterPieces(Request request, Outcome outcome, long callMillis) {
        String error;
        if (outcome instanceof Outcome.Requeue requeue) {
            error = requeue.lastError();
        } else if (outcome instanceof Outcome.Hold hold) {
            error = hold.reason();
        } else {
            return outcome;
        }
        return new Outcome.DeadLetter(
                Reason.STREAM_CUT,
                OptionalInt.empty(),
                "the answer broke off after a part of it was published: " + error,
                request.input().attempts() + 1,
                error,
                callMillis);
    }

    /** Returns the outcome of a record that we refuse to call. */
    public Outcome refused(InputRecord record, Reason reason, String problem) {
        return new Outcome.DeadLetter(reason, OptionalInt.empty(), problem, record.attempts(), "", 0);
    }

    /**
     * Returns the outcome of a request whose time is over. Nobody mourns an ask whose own deadline has passed. What the
     * maximum age ends before that is mourned.
     */
    public Outcome expired(InputRecord record, long nowMillis) {
        String message = "the request's time was over before it could be answered";
        return record.isAsk() && nowMillis >= record.expiresAt()
                ? new Outcome.Unawaited(Reason.EXPIRED, message, record.attempts(), 0)
                : refused(record, Reason.EXPIRED, message);
    }

    /** Returns the outcome of a request that was cancelled before its call. */
    public Outcome cancelled(InputRecord record) {
        return cancelled(record, 0);
    }

    private static Outcome cancelled(InputRecord record, long callMillis) {
        return new Outcome.Unawaited(Reason.CANCELLED, "the request was cancelled", record.attempts(), callMillis);
    }

    /**
     * Returns the outcome of a request that is due later than intake can keep it in memory. It moves to a delay tier
     * and is otherwise unchanged. That holds even for a request that is due soon and found no space, because it would
     * come straight back from the retry topic.
     */
    public Outcome postponed(InputRecord record, long nowMillis) {
        Duration remaining = Duration.ofMillis(record.notBefore() - nowMillis);
        return new Outcome.Requeue(
                Optional.of(Tier.within(remaining)),
                record.notBefore(),
                record.attempts(),
                record.deferrals(),
                "",
                SuspicionLevel.of(record));
    }

    /**
     * Returns true if a request must not be called any more because it has expired or exceeds the maximum age. The age
     * never counts from a not-before that we have set ourselves: the request would grow younger with every call.
     */
    public boolean isExpired(InputRecord record, long nowMillis) {
        return nowMillis >= record.deadline(maxAgeMillis);
    }

    private Outcome requeue(
            InputRecord record,
            long delayMillis,
            long nowMillis,
            int attempts,
            int deferrals,
            String error,
            SuspicionLevel suspicion) {
        // A request that expires during the delay comes back at that moment, to be told so.
        long remaining = Math.max(0, record.deadline(maxAgeMillis) - nowMillis);
        long delay = Math.min(delayMillis, remaining);
        // A shorter delay needs no tier: intake holds the request in memory until it is due.
        Optional<Tier> tier = delay <= DueGate.HORIZON.toMillis()
                ? Optional.empty()
                : Optional.of(Tier.within(Duration.ofMillis(delay)));
        return new Outcome.Requeue(tier, nowMillis + delay, attempts, deferrals, error, suspicion);
    }

    private Verdict answered(Request request, Answered answer, LaneEvidence evidence, long nowMillis) {
        AnswerReading reading = AnswerReading.of(answer);
        Verdict verdict = reading.isCompletion()
                ? new Verdict(reply(answer), CallFeedback.PASSED)
                : failed(request, reading, evidence, nowMillis);
        Outcome outcome = verdict.outcome() instanceof Outcome.DeadLetter dead
                ? dead.saying(reading.ownError().orElse(ApiError.NONE))
                : verdict.outcome();
        CallFeedback feedback = verdict.feedback()
                .with(AdvertisedLimits.read(answer.headers()))
                .with(reading.body().usage());
        return new Verdict(outcome, feedback);
    }

    private static Outcome reply(Answered answer) {
        return new Outcome.Reply(
                answer.status(),
                answer.body(),
                answer.tookMillis(),
                answer.stream().map(CallResult.Stream::call));
    }

    private Verdict failed(Request request, AnswerReading reading, LaneEvidence evidence, long nowMillis) {
        int status = reading.status();
        Optional<ApiError> own = reading.ownError();
        if (status == 401 || status == 402 || status == 407 || status == 511) {
            String reason = reading.error() + (status == 401 ? KEY_REMEDY : "");
            return held(reason);
        }
        Duration hint = RetryHint.read(reading.answer().headers(), nowMillis);
        boolean isQuota = own.filter(ApiError::isQuota).isPresent();
        boolean isOverSoon = !hint.isZero() && hint.compareTo(LONGEST_RATE_LIMIT) <= 0;
        if (status == 429 && (!isQuota || isOverSoon)) {
            return rateLimited(request.input(), reading, hint, evidence, nowMillis);
        }
        if (status >= 400 && status < 500 && isQuota) {
            return held(reading.error());
        }
        if (status < 300 || status >= 500 || status == 408 || status == 409 || status == 425) {
            boolean isError = status >= 400;
            return failed(
                    request,
                    new Failure(
                            FailureKind.SERVER,
                            OptionalInt.of(reading.answer().status()),
                            isError ? reading.error() : status + " unusable_body",
                            reading.message(isError ? "the API failed" : "the API's answer is no completion"),
                            reading.mayHaveCost(),
                            hint,
                            reading.answer().tookMillis()),
                    evidence,
                    nowMillis);
        }
        if (own.isPresent() && isAboutRequest(status, own.get(), evidence)) {
            return rejected(request.input(), reading);
        }
        return failed(request, foreign(reading, hint), evidence, nowMillis);
    }

    /** Returns true if an error in the API's own form is about the request, and not about the URL or the key. */
    private static boolean isAboutRequest(int status, ApiError error, LaneEvidence evidence) {
        return status >= 400 && (!maybeAboutAccess(status, error) || evidence.apiWorks());
    }

    private static boolean maybeAboutAccess(int status, ApiError error) {
        return STATUSES_OF_ACCESS.contains(status) || error.isAboutAccess();
    }

    private static Failure foreign(AnswerReading reading, Duration hint) {
        String location = reading.answer().headers().getOrDefault("location", "");
        String target = location.isEmpty() ? "" : " to " + host(location);
        return new Failure(
                FailureKind.FOREIGN,
                OptionalInt.of(reading.answer().status()),
                reading.error() + target,
                reading.message("something in front of the API answered for it"),
                false,
                hint,
                reading.answer().tookMillis());
    }

    private static String host(String location) {
        try {
            String host = URI.create(location).getHost();
            if (host == null) {
                return "another path";
            }
            return host.length() <= MAX_HOST ? host : "an unreadable location";
        } catch (IllegalArgumentException e) {
            return "an unreadable location";
        }
    }

    private static Verdict held(String reason) {
        return new Verdict(new Outcome.Hold(reason), CallFeedback.blocked(reason));
    }

    private Verdict rateLimited(
            InputRecord record, AnswerReading reading, Duration hint, LaneEvidence evidence, long nowMillis) {
        long ageMillis = nowMillis - record.waitsSince();
        int points = blame.points(evidence.others(FailureKind.LIMITED), ageMillis);
        SuspicionLevel suspicion = SuspicionLevel.of(record).plusLimited(points, evidence.wasSentAlone());
        int deferrals = record.deferrals() + 1;
        // The lane waits only as long as the API says. The backoff is this request's own.
        CallFeedback feedback = CallFeedback.limited(reading.body().exceededUnit(), hint);
        if (blame.isNeverAdmitted(deferrals, points, suspicion, ageMillis)) {
            return new Verdict(neverAdmitted(record, reading), feedback);
        }
        long delay = Math.max(hint.toMillis(), backoff.millis(record.deferrals()));
        Outcome requeue = requeue(record, delay, nowMillis, record.attempts(), deferrals, reading.error(), suspicion);
        return new Verdict(requeue, feedback);
    }

    private static Outcome neverAdmitted(InputRecord record, AnswerReading reading) {
        return new Outcome.DeadLetter(
                Reason.NEVER_ADMITTED,
                OptionalInt.of(reading.answer().status()),
                reading.message("the API never admits the request, not even alone"),
                record.attempts(),
                reading.error(),
                reading.answer().tookMillis());
    }

    private static Verdict rejected(InputRecord record, AnswerReading reading) {
        Outcome deadLetter = new Outcome.DeadLetter(
                Reason.REJECTED,
                OptionalInt.of(reading.answer().status()),
                reading.message("the API rejected the request"),
                record.attempts() + 1,
                reading.error(),
                reading.answer().tookMillis());
        boolean inDoubt = reading.ownError()
                .filter(error -> maybeAboutAccess(reading.status(), error))
                .isPresent();
        CallFeedback feedback =
                inDoubt ? CallFeedback.rejectedInDoubt(reading.error()) : CallFeedback.rejected(reading.error());
        return new Verdict(deadLetter, feedback);
    }

    private Verdict unanswered(Request request, CallResult.Failed failed, LaneEvidence evidence, long nowMillis) {
        switch (failed.error()) {
            case "response_too_large" -> {
                Outcome tooLarge = new Outcome.DeadLetter(
                        Reason.TOO_LARGE,
                        OptionalInt.empty(),
                        failed.message(),
                        request.input().attempts() + 1,
                        failed.error(),
                        failed.tookMillis());
                // It says nothing about whether the API works.
                return new Verdict(tooLarge, CallFeedback.CANCELLED);
            }
            case "unsendable" -> {
                return held(failed.error() + ": " + failed.message());
            }
            case "407" -> {
                return held(failed.message() + PROXY_REMEDY);
            }
            default -> {
                Failure failure = new Failure(
                        FailureKind.NO_ANSWER,
                        OptionalInt.empty(),
                        failed.error(),
                        failed.message(),
                        failed.mayHaveCost(),
                        Duration.ZERO,
                        failed.tookMillis());
                return failed(request, failure, evidence, nowMillis);
            }
        }
    }

    /**
     * A failed call that is not evidently the fault of its request.
     *
     * @param mayHaveCost true if the API may have worked on the request, and charged it
     */
    private record Failure(
            FailureKind kind,
            OptionalInt status,
            String error,
            String message,
            boolean mayHaveCost,
            Duration hint,
            long callMillis) {
        /** Returns the reason of a lane that stops for this: the words are the surroundings' then. */
        String reason() {
            boolean isSaid = message.isBlank() || kind == FailureKind.SERVER;
            String reason = isSaid ? error : error + ": " + PrintableText.unquoted(message);
            return reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON);
        }
    }

    private Verdict failed(Request request, Failure failure, LaneEvidence evidence, long nowMillis) {
        CallFeedback feedback = CallFeedback.failed(failure.kind(), failure.reason(), failure.mayHaveCost());
        InputRecord record = request.input();
        Optional<OtherCalls> others = evidence.others(failure.kind());
        int points = blame.points(others, nowMillis - record.waitsSince());
        // What may have been paid for counts always. Else a lane that is stopped, or that a foreign answer stops, says
        // that the surroundings are to blame.
        boolean isStopping = failure.kind() == FailureKind.FOREIGN && !evidence.apiWorks();
        if (!failure.mayHaveCost() && !blame.tells(points) && (evidence.isStopped() || isStopping)) {
            return new Verdict(new Outcome.Hold(failure.reason()), feedback);
        }
        int attempts = record.attempts() + 1;
        // A comparison leaves a trace even if it tells nothing: a new worker has nothing to compare with at first.
        int trace = failure.mayHaveCost() && others.isPresent() ? Math.max(1, points) : points;
        SuspicionLevel suspicion = SuspicionLevel.of(record).plusFailed(trace, failure.mayHaveCost());
        if (blame.isGivenUp(attempts, points, suspicion, others.isPresent())) {
            return new Verdict(exhausted(attempts, failure), feedback);
        }
        long pause = failure.mayHaveCost()
                ? backoff.costlyMillis(suspicion.costly() - 1)
                : backoff.millis(record.attempts());
        long delay = Math.max(failure.hint().toMillis(), pause);
        Outcome requeue = requeue(record, delay, nowMillis, attempts, record.deferrals(), failure.error(), suspicion);
        return new Verdict(requeue, feedback);
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
}
