package dev.sluice.worker;

import dev.sluice.wire.Reason;
import dev.sluice.worker.cache.ReplyCache;
import dev.sluice.worker.call.ApiClient;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.StreamProgress;
import dev.sluice.worker.cancel.CancelMarks;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.RequestSink;
import dev.sluice.worker.observe.CallMeters;
import dev.sluice.worker.observe.DeadLetterLog;
import dev.sluice.worker.observe.TracedCall;
import dev.sluice.worker.observe.Tracing;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.OutcomeClassifier;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.LimitShare;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.pieces.PieceStream;
import dev.sluice.worker.pieces.PieceWriter;
import dev.sluice.worker.settle.AbandonedTransactions;
import dev.sluice.worker.settle.EndedRecords;
import dev.sluice.worker.settle.Settle;
import io.github.bucket4j.TimeMeter;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Carries every request from stage to stage. This is the data path.
 *
 * <pre>
 *   intake ──► cache ──► pace ──► call ──► outcome ──► settle
 *      │         └── answered from memory ──────────────►┤
 *      └── invalid, or not due yet ──────────────────────►┘
 * </pre>
 *
 * The methods stand in the order in which a request meets them. Each runs on the thread of the stage that calls it:
 * those of {@link RequestSink} on the poll thread, {@link #call} and {@link #endUncalled} on the pace
 * thread, and {@link #called} on a thread of the HTTP client. No method blocks.
 */
final class RequestFlow implements RequestSink {
    private final Supplier<Ownership> ownership;
    private final OutcomeClassifier outcomes;
    private final Settle settle;
    private final ApiClient api;
    private final PieceWriter pieces;
    private final AbandonedTransactions abandoned;
    private final EndedRecords endedRecords;
    private final CallMeters meters;
    private final Tracing tracing;
    private final SteadyClock clock;
    private final CancelMarks cancels;
    private final Consumer<Throwable> onDefect;
    private final DeadLetterLog deadLetters = new DeadLetterLog();
    private final Pace pace;
    private final ReplyCache cache;
    private final CompletableFuture<Void> hasJoined = new CompletableFuture<>();
    private volatile OwnedBundles bundles = OwnedBundles.NONE;

    /**
     * Creates the flow between the given stages, and with it the two stages whose results come back to it.
     *
     * @param ownership what this worker owns at the moment
     * @param pieces publishes the pieces of streamed answers as they come
     * @param abandoned ends transactions of dead workers while committed offsets cannot be read because of them
     * @param endedRecords deletes what has ended of the topics that workers write for themselves
     * @param cancels the marks that cancel requests
     * @param heartbeat the heartbeat of the pace thread
     * @param onDefect receives what must never be thrown while a call ends
     */
    RequestFlow(
            WorkerConfig config,
            Supplier<Ownership> ownership,
            OutcomeClassifier outcomes,
            Settle settle,
            ApiClient api,
            PieceWriter pieces,
            AbandonedTransactions abandoned,
            EndedRecords endedRecords,
            CallMeters meters,
            Tracing tracing,
            SteadyClock clock,
            CancelMarks cancels,
            Runnable heartbeat,
            Consumer<Throwable> onDefect) {
        this.ownership = ownership;
        this.outcomes = outcomes;
        this.settle = settle;
        this.api = api;
        this.pieces = pieces;
        this.abandoned = abandoned;
        this.endedRecords = endedRecords;
        this.meters = meters;
        this.tracing = tracing;
        this.clock = clock;
        this.cancels = cancels;
        this.onDefect = onDefect;
        WorkerConfig.Memory memory = config.memory();
        this.pace = new Pace(
                config.pacing().limitsByModel(),
                // Answers have a bound of their own. With one bound for both, requests alone could use it up, and none
                // of them would ever be called.
                // What is paid for while commits do not get through is lost if the worker dies.
                new Pace.Bounds(
                        config.pacing().maxInFlight(),
                        config.pacing().weights(),
                        () -> settle.answerBytes() < memory.readAheadBytes() && settle.commitsGetThrough()),
                TimeMeter.SYSTEM_NANOTIME,
                new Pace.Callbacks(this::isOver, this::call, this::endUncalled),
                () -> {
                    heartbeat.run();
                    deadLetters.logIfDue(clock.millis());
                });
        this.cache = new ReplyCache(
                memory.cacheBytes(), config.retries().maxAge(), clock, pace::accept, this::answerFromMemory);
    }

    Pace pace() {
        return pace;
    }

    /** Returns the bundles that this worker owns. */
    OwnedBundles bundles() {
        return bundles;
    }

    /** Returns what completes when this worker owns partitions for the first time. */
    CompletableFuture<Void> hasJoined() {
        return hasJoined.copy();
    }

    ReplyCache cache() {
        return cache;
    }

    /** Intake → cache, which hands on to pace what it cannot answer. */
    @Override
    public void accept(Request request) {
        cache.accept(request);
    }

    /** Intake → settle: the record is no request that can be called. */
    @Override
    public void refuse(InputRecord record, Reason reason, String problem) {
        Outcome refused = outcomes.refused(record, reason, problem);
        logFailure(record, "", refused);
        settle.accept(record, refused);
    }

    private void logFailure(InputRecord record, String model, Outcome outcome) {
        if (!record.declinesDeadLetter()) {
            deadLetters.ended(model, outcome, clock.millis());
        }
    }

    /**
     * Intake → settle: the request is due later than intake may hold it. One that is cancelled does not wait until
     * then. Of two clocks the later one counts, since too short a tier costs a round and too long a one delays the
     * request.
     */
    @Override
    public void postpone(Request request) {
        if (isCancelled(request)) {
            settleUncalled(request);
        } else {
            settle.accept(request.input(), outcomes.postponed(request.input(), clock.latestMillis()));
        }
    }

    /** Intake → settle: others are short of requests that lie behind this one. */
    @Override
    public boolean move(Request request, int overflowPartition) {
        if (isOver(request)) {
            settleUncalled(request);
            return false;
        }
        settle.accept(request.input(), new Outcome.Move(overflowPartition));
        return true;
    }

    /** Cache → settle. */
    private void answerFromMemory(Request request, byte[] body) {
        settle.accept(request.input(), new Outcome.Reply(200, body, 0));
    }

    /** Pace → call. */
    private void call(Request request, Runnable onSend) {
        meters.begins(request, clock.millis());
        TracedCall traced = tracing.begins(request);
        traced.start(() -> api.call(
                request,
                traced.headers(),
                piecesOf(request),
                onSend,
                progressOf(request),
                (ended, result) -> called(ended, result, traced)));
        // The partition may have been lost, and its calls cancelled, between the choice of pace and this call.
        if (!ownership.get().holds(request.assignment())) {
            api.cancel(Set.of(request.assignment()));
        }
        // The same holds for the request and marks.
        if (mayAbort(request)) {
            api.abort(request::equals);
        }
    }

    /** Call → pace: what a streamed answer tells before its end. */
    private StreamProgress progressOf(Request request) {
        return new StreamProgress() {
            @Override
            public void begun() {
                pace.begun(request);
            }

            @Override
            public void produced(long tokens) {
                pace.produced(request, tokens);
            }
        };
    }

    private PieceStream piecesOf(Request request) {
        return request.input()
                .streamTarget()
                .map(target -> pieces.open(target, () -> ownership.get().holds(request.assignment())))
                .orElse(PieceStream.NONE);
    }

    /** Returns true if the request ends without a call. Before each call pace asks this. */
    private boolean isOver(Request request) {
        return isCancelled(request) || outcomes.isExpired(request.input(), clock.millis());
    }

    private boolean isCancelled(Request request) {
        return request.input().isCancelled(cancels);
    }

    private boolean mayAbort(Request request) {
        return isCancelled(request) && request.input().isAbortable() && !cache.hasFollowers(request);
    }

    /** Pace → settle: the request's time was over before its call, or it was cancelled. */
    private void endUncalled(Request request) {
        settleUncalled(request);
        cache.ended(request, Optional.empty());
    }

    private void settleUncalled(Request request) {
        long now = clock.millis();
        boolean isCancelled = isCancelled(request) || !outcomes.isExpired(request.input(), now);
        if (isCancelled) {
            meters.cancelled(request, true);
        }
        Outcome ending = isCancelled ? outcomes.cancelled(request.input()) : outcomes.expired(request.input(), now);
        logFailure(request.input(), request.model(), ending);
        settle.accept(request.input(), ending);
    }

    /**
     * Ends what waits for the call of an equal request, and calls under way, if marks that were just read cancel them.
     * What waits in a lane ends before its call, within a second. Runs on the thread that reads marks.
     */
    void marksRead() {
        cache.takeFollowers(this::isCancelled).forEach(follower -> {
            meters.cancelled(follower, false);
            settle.accept(follower.input(), outcomes.cancelled(follower.input()));
        });
        api.abort(this::mayAbort);
    }

    /** Call → outcome. */
    private void called(Request request, CallResult result, TracedCall traced) {
        try {
            Optional<OutcomeClassifier.Verdict> end =
                    outcomes.classify(request, result, pace.evidence(request), clock.millis());
            end.ifPresentOrElse(
                    verdict -> conclude(request, verdict), () -> pace.ended(request, CallFeedback.CANCELLED));
            // The cache comes after pace: what it then sends to the lane finds one that knows how the call ended.
            // A request that is held stays in its lane, and its followers wait with it.
            if (end.isEmpty() || !(end.get().outcome() instanceof Outcome.Hold)) {
                cache.ended(request, end.flatMap(verdict -> answer(verdict.outcome())));
            }
            meters.ended(request, result, end);
            traced.ended(result, end);
        } catch (Throwable defect) {
            onDefect.accept(defect);
        }
    }

    /** Outcome → settle, or back to the lane. */
    private void conclude(Request request, OutcomeClassifier.Verdict verdict) {
        logFailure(request.input(), request.model(), verdict.outcome());
        if (verdict.outcome() instanceof Outcome.Hold) {
            pace.putBack(request, verdict.feedback());
        } else {
            // Settle comes before pace: once pace counts a call as ended, its outcome is on its way.
            settle.accept(request.input(), verdict.outcome());
            pace.ended(request, verdict.feedback());
        }
    }

    private static Optional<byte[]> answer(Outcome outcome) {
        return outcome instanceof Outcome.Reply reply ? Optional.of(reply.body()) : Optional.empty();
    }

    /** Takes over this worker's share of each limit, after partitions have come or gone. */
    @Override
    public void share(int owned, int width) {
        bundles = new OwnedBundles(owned, width);
        pace.changeShare(new LimitShare(Math.max(1, owned), Math.max(1, width)));
        hasJoined.complete(null);
    }

    /** Drops the requests of partitions that are being given up, except for those whose calls are under way. */
    @Override
    public CompletableFuture<Void> withdraw(Set<Assignment> leaving) {
        cache.withdraw(leaving);
        return pace.withdraw(leaving);
    }

    /** Cancels the calls of partitions that are gone, since nobody here can settle them. */
    @Override
    public void cancel(Set<Assignment> gone) {
        api.cancel(gone);
    }

    @Override
    public void offsetsUnavailable() {
        abandoned.end();
    }

    @Override
    public void reads(Set<Assignment> assignments) {
        endedRecords.delete(assignments);
    }
}
