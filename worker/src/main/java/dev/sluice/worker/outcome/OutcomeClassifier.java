package dev.sluice.worker.outcome;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.intake.DueGate;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.Suspicion;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.FailureKind;
import dev.sluice.worker.pace.LaneEvidence;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.ApiError;
import dev.sluice.worker.provider.CompletionBody;
import dev.sluice.worker.provider.RetryHint;
import dev.sluice.worker.provider.TogetherApi;
import dev.sluice.worker.text.PrintableText;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.DoubleSupplier;

/**
 * Decides from the result of a call what becomes of its request. It is a pure function except for the jitter of the
 * backoff, and thread-safe if its randomness is.
 *
 * <p>Only the API's own word, or a comparison with other requests, blames a request. Everything else is the fault of
 * the surroundings, and holds the lane instead. The comparison is the {@link Suspicion}: a request is given up after at
 * least {@code maxAttempts} failures that a request without fault would meet once in a million cases.
 *
 * <p>Two counters are kept apart. <em>Attempts</em> count failures and can lead to the dead-letter topic.
 * <em>Deferrals</em> count delays by the rate limit.
 */
public final class OutcomeClassifier {
    private static final String KEY_REMEDY =
            ": check the API key (--api-key-file or " + TogetherApi.API_KEY_VARIABLE + ")";

    private static final String PROXY_REMEDY = ": give the proxy's user and password (--api-proxy)";

    /** Statuses of an edge that waited in vain. The API may have worked on the request, and charged it. */
    private static final Set<Integer> COSTLY_STATUSES = Set.of(504, 520, 524);

    /** Statuses that may be about the URL or the key as well as about the request. */
    private static final Set<Integer> STATUSES_OF_ACCESS = Set.of(403, 404, 405, 421);

    /** A 429 with a quota word and a longer hint than this, or none, is no ordinary rate limit. */
    private static final Duration LONGEST_RATE_LIMIT = Duration.ofMinutes(1);

    /** Evidence of one failure, in hundredths of −ln f, from which on it tells something: three of four others pass. */
    private static final int TELLING_EVIDENCE = 29;

    /** The factor by which a request may have more costly failures in a brown-out. */
    private static final int BROWN_OUT_FACTOR = 3;

    /** The verdict that a request is never admitted takes at least this long. */
    private static final long MIN_AGE_MILLIS = Duration.ofMinutes(10).toMillis();

    /** A comparison with other lanes takes at least this long, since a model may be down while others are not. */
    private static final long OTHER_LANES_AGE_MILLIS = Duration.ofHours(2).toMillis();

    /** This many calls have to be rejected though they were sent alone. */
    private static final int REJECTED_ALONE = 3;

    private static final int MAX_REASON = 300;

    /** The longest name of a host in the DNS. */
    private static final int MAX_HOST = 255;

    private final int maxAttempts;
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
     * @param evidence what was known of other requests when the call ended
     */
    public Optional<Verdict> classify(Request request, CallResult result, LaneEvidence evidence, long nowMillis) {
        if (result instanceof Answered answered) {
            return Optional.of(answered(request, answered, evidence, nowMillis));
        }
        if (result instanceof CallResult.Failed failed) {
            return Optional.of(unanswered(request, failed, evidence, nowMillis));
        }
        return Optional.empty();
    }

    /** Returns the outcome of a record that we refuse to call. */
    public Outcome refused(InputRecord record, Reason reason, String problem) {
        return new Outcome.DeadLetter(reason, OptionalInt.empty(), problem, record.attempts(), "", 0);
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
                Optional.of(Tier.within(remaining)),
                record.notBefore(),
                record.attempts(),
                record.deferrals(),
                "",
                Suspicion.of(record));
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
            Suspicion suspicion) {
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
        CompletionBody body = CompletionBody.read(answer.body());
        Verdict verdict = byStatus(request, answer, body, evidence, nowMillis);
        CallFeedback feedback =
                verdict.feedback().with(AdvertisedLimits.read(answer.headers())).with(body.usage());
        return new Verdict(verdict.outcome(), feedback);
    }

    private Verdict byStatus(
            Request request, Answered answer, CompletionBody body, LaneEvidence evidence, long nowMillis) {
        int status = answer.status();
        boolean isError = body.error(status).isPresent() && !body.hasUsableChoice();
        if (status == 200 && body.hasChoices() && !isError) {
            return new Verdict(new Outcome.Reply(status, answer.body(), answer.tookMillis()), CallFeedback.PASSED);
        }
        // An answer with an error inside is what its error says.
        int meant = status == 200 && isError ? body.statusInside().orElse(502) : status;
        Reading reading = new Reading(request, answer, body, meant);
        Verdict verdict = failed(reading, evidence, nowMillis);
        return verdict.outcome() instanceof Outcome.DeadLetter dead
                        && reading.ownError().isPresent()
                ? new Verdict(dead.saying(reading.ownError().get()), verdict.feedback())
                : verdict;
    }

    /**
     * An answer that is no completion.
     *
     * @param status the HTTP status, or the status that an error inside a 200 names
     */
    private record Reading(Request request, Answered answer, CompletionBody body, int status) {
        Optional<ApiError> ownError() {
            return body.error(status);
        }

        /** Returns the status with the provider's word, such as {@code 429 dynamic_request_limited}. */
        String error() {
            // The word goes into headers and logs and is foreign text: only a short, clean one is taken.
            String word = ownError().map(ApiError::word).orElse("");
            String shown = word.isEmpty() ? Integer.toString(status) : status + " " + word;
            return answer.status() == status ? shown : "200 with error " + shown;
        }

        /** Returns the provider's own words, or else what is known of the answer. */
        String message(String otherwise) {
            String own = ownError().map(ApiError::message).orElse("");
            // The text of a good answer may be what was generated, which is nobody's business but the publisher's.
            boolean isSaid = !isGood(answer.status()) && !body.words().isBlank();
            return !own.isBlank() ? own : isSaid ? body.words() : otherwise;
        }
    }

    private Verdict failed(Reading reading, LaneEvidence evidence, long nowMillis) {
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
            return rateLimited(reading, hint, evidence, nowMillis);
        }
        if (status >= 400 && status < 500 && isQuota) {
            return held(reading.error());
        }
        if (status < 300 || status >= 500 || status == 408 || status == 409 || status == 425) {
            boolean isError = status >= 400;
            return failed(
                    reading.request(),
                    new Failure(
                            FailureKind.SERVER,
                            OptionalInt.of(reading.answer().status()),
                            isError ? reading.error() : status + " unusable_body",
                            reading.message(isError ? "the API failed" : "the API's answer is no completion"),
                            mayHaveCost(reading),
                            hint,
                            reading.answer().tookMillis()),
                    evidence,
                    nowMillis);
        }
        if (own.isPresent() && isAboutRequest(status, own.get(), evidence)) {
            return rejected(reading);
        }
        return failed(reading.request(), foreign(reading, hint), evidence, nowMillis);
    }

    private static boolean isGood(int status) {
        return status >= 200 && status < 300;
    }

    private static boolean mayHaveCost(Reading reading) {
        return reading.body().usage().isPresent()
                || COSTLY_STATUSES.contains(reading.status())
                || (isGood(reading.answer().status())
                        && CompletionBody.mentionsChoices(reading.answer().body()));
    }

    /** Returns true if an error in the API's own form is about the request, and not about the URL or the key. */
    private static boolean isAboutRequest(int status, ApiError error, LaneEvidence evidence) {
        return status >= 400 && (!maybeAboutAccess(status, error) || evidence.apiWorks());
    }

    private static boolean maybeAboutAccess(int status, ApiError error) {
        return STATUSES_OF_ACCESS.contains(status) || error.isAboutAccess();
    }

    private static Failure foreign(Reading reading, Duration hint) {
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

    private Verdict rateLimited(Reading reading, Duration hint, LaneEvidence evidence, long nowMillis) {
        InputRecord record = reading.request().input();
        OptionalDouble share = evidence.shareOfOthers(FailureKind.LIMITED);
        int points = isComparable(record, FailureKind.LIMITED, evidence, nowMillis) ? points(share) : 0;
        Suspicion suspicion = Suspicion.of(record).plusLimited(points, evidence.wasSentAlone());
        int deferrals = record.deferrals() + 1;
        // The lane waits only as long as the API says. The backoff is this request's own.
        CallFeedback feedback = CallFeedback.limited(reading.body().exceededUnit(), hint);
        if (points > 0
                && deferrals >= maxAttempts
                && suspicion.limited() >= Suspicion.ENOUGH
                && suspicion.limitedAlone() >= REJECTED_ALONE
                && nowMillis - record.waitsSince() >= MIN_AGE_MILLIS) {
            return new Verdict(neverAdmitted(reading), feedback);
        }
        long delay = Math.max(hint.toMillis(), backoff.millis(record.deferrals()));
        Outcome requeue = requeue(record, delay, nowMillis, record.attempts(), deferrals, reading.error(), suspicion);
        return new Verdict(requeue, feedback);
    }

    private static Outcome neverAdmitted(Reading reading) {
        return new Outcome.DeadLetter(
                Reason.NEVER_ADMITTED,
                OptionalInt.of(reading.answer().status()),
                reading.message("the API never admits the request, not even alone"),
                reading.request().input().attempts(),
                reading.error(),
                reading.answer().tookMillis());
    }

    private static Verdict rejected(Reading reading) {
        Outcome deadLetter = new Outcome.DeadLetter(
                Reason.REJECTED,
                OptionalInt.of(reading.answer().status()),
                reading.message("the API rejected the request"),
                reading.request().input().attempts() + 1,
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

    /** Returns true if the others are of the same lane, or if the request has waited for hours. */
    private static boolean isComparable(InputRecord record, FailureKind kind, LaneEvidence evidence, long nowMillis) {
        return evidence.isOfThisLane(kind) || nowMillis - record.waitsSince() >= OTHER_LANES_AGE_MILLIS;
    }

    private Verdict failed(Request request, Failure failure, LaneEvidence evidence, long nowMillis) {
        CallFeedback feedback = CallFeedback.failed(failure.kind(), failure.reason(), failure.mayHaveCost());
        InputRecord record = request.input();
        OptionalDouble share = evidence.shareOfOthers(failure.kind());
        int points = isComparable(record, failure.kind(), evidence, nowMillis) ? points(share) : 0;
        boolean tells = points >= TELLING_EVIDENCE;
        // What may have been paid for counts always. Else a lane that is stopped, or that a foreign answer stops, says
        // that the surroundings are to blame.
        boolean isStopping = failure.kind() == FailureKind.FOREIGN && !evidence.apiWorks();
        if (!failure.mayHaveCost() && !tells && (evidence.isStopped() || isStopping)) {
            return new Verdict(new Outcome.Hold(failure.reason()), feedback);
        }
        int attempts = record.attempts() + 1;
        // A comparison leaves a trace even if it tells nothing: a new worker has nothing to compare with at first.
        int trace = failure.mayHaveCost() && share.isPresent() ? Math.max(1, points) : points;
        Suspicion suspicion = Suspicion.of(record).plusFailed(trace, failure.mayHaveCost());
        // The last failure has to tell something as well: a request is not given up because of an outage.
        boolean isBlamed = points > 0 && attempts >= maxAttempts && suspicion.failed() >= Suspicion.ENOUGH;
        if (isBlamed || suspicion.costly() >= mostCostlyCalls(share, suspicion)) {
            return new Verdict(exhausted(attempts, failure), feedback);
        }
        long pause = failure.mayHaveCost()
                ? backoff.costlyMillis(suspicion.costly() - 1)
                : backoff.millis(record.attempts());
        long delay = Math.max(failure.hint().toMillis(), pause);
        Outcome requeue = requeue(record, delay, nowMillis, attempts, record.deferrals(), failure.error(), suspicion);
        return new Verdict(requeue, feedback);
    }

    /**
     * Returns the number of costly failures that ends a request. Without others to compare with, a request that was
     * compared before has lost them because its worker is new.
     */
    private int mostCostlyCalls(OptionalDouble share, Suspicion suspicion) {
        boolean isBlamed = share.isEmpty() ? suspicion.failed() == 0 : suspicion.failed() >= Suspicion.ENOUGH;
        return isBlamed ? maxAttempts : BROWN_OUT_FACTOR * maxAttempts;
    }

    /** Returns −ln f in hundredths; 0 if there is nothing to compare with. */
    private static int points(OptionalDouble shareOfOthers) {
        return shareOfOthers.isPresent() ? (int) Math.round(-100 * Math.log(shareOfOthers.getAsDouble())) : 0;
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
