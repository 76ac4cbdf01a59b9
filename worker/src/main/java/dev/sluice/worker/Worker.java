package dev.sluice.worker;

import dev.sluice.wire.Reason;
import dev.sluice.worker.cache.ReplyCache;
import dev.sluice.worker.call.ApiClient;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.HeapHeadroom;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.PollRecovery;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.RequestSink;
import dev.sluice.worker.kafka.Consumers;
import dev.sluice.worker.kafka.Producers;
import dev.sluice.worker.observe.Health;
import dev.sluice.worker.observe.Metrics;
import dev.sluice.worker.observe.RequestLog;
import dev.sluice.worker.observe.TracedCall;
import dev.sluice.worker.observe.Tracing;
import dev.sluice.worker.observe.WatchedStages;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.OutcomeClassifier;
import dev.sluice.worker.pace.CallFeedback;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pace.LimitShare;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.settle.AbandonedTransactions;
import dev.sluice.worker.settle.Settle;
import dev.sluice.worker.settle.SettleListener;
import dev.sluice.worker.settle.Transactions;
import dev.sluice.worker.threads.SharedDeadline;
import dev.sluice.worker.threads.StageThreads;
import dev.sluice.worker.threads.WarmStart;
import dev.sluice.worker.threads.WorkerException;
import dev.sluice.worker.topics.AclCheck;
import dev.sluice.worker.topics.AclErrors;
import dev.sluice.worker.topics.TopicCheck;
import io.github.bucket4j.TimeMeter;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker: the five stages, wired.
 *
 * <pre>
 *   intake ──► pace ──► call ──► outcome ──► settle
 *      └──► cache: what asks for it and was answered before ──►┘
 * </pre>
 *
 * Data flows one way. What comes back are facts about it: pace and the cache are told how calls ended, and intake reads
 * how much is not yet committed. The stages start downstream first, and stop in the order the data drains. Thread-safe.
 */
public final class Worker implements AutoCloseable, Health {
    private static final Duration START_BOUND = Duration.ofSeconds(10);
    private static final Duration WARM_UP_BOUND = Duration.ofSeconds(2);
    /** After the drain time, for what has ended to be committed. */
    private static final Duration COMMIT_BOUND = Duration.ofSeconds(15);
    /** After the drain time, for all threads to have ended. */
    private static final Duration LEAVE_BOUND = Duration.ofSeconds(18);

    private static final String READING = "sluice-intake";
    private static final String PACING = "sluice-pace";
    private static final String SETTLING = "sluice-settle";

    private static final int HELD_RECORDS = 20_000;
    private static final int RECORD_OVERHEAD = 1 << 20;

    private static final Logger log = LoggerFactory.getLogger(Worker.class);

    private final WorkerConfig config;
    private final Metrics metrics;
    private final Tracing tracing;
    private final Clock clock = Clock.systemUTC();
    private final String transactionalId;
    private final AtomicReference<Ownership> ownership;
    private final Admin admin;
    private final OutcomeClassifier outcomes;
    private final AbandonedTransactions leftovers;
    private final Settle settle;
    private final ApiClient calls;
    private final Pace pace;
    private final ReplyCache cache;
    private final Intake intake;
    private final StageThreads threads = new StageThreads(this::fail, System::nanoTime);
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private Worker(WorkerConfig config, Admin admin, ApiClient calls, Metrics metrics, OpenTelemetry telemetry) {
        this.config = config;
        this.metrics = metrics;
        this.tracing = new Tracing(telemetry, clock);
        this.admin = admin;
        String name = config.instanceId().orElseGet(() -> UUID.randomUUID().toString());
        // no topic and no name has a colon, so that no two queues share an id
        String ids = config.group() + ":" + config.topics().base() + ":";
        this.transactionalId = ids + name;
        Consumer<byte[], byte[]> consumer = metrics.kafka()
                .watch(Consumers.joining(
                        config.kafka(), config.group(), name, config.instanceId(), config.drainTimeout()));
        this.ownership = new AtomicReference<>(new Ownership(Map.of(), consumer.groupMetadata()));
        ReplyTopics replyTopics = new ReplyTopics(config.topics(), config.replyTopics());
        this.settle = new Settle(
                ownership,
                replyTopics,
                Producers.widths(admin),
                transactions(transactionalId),
                clock,
                System::nanoTime,
                SettleListener.both(metrics.settlements(), SettleListener.both(tracing, new RequestLog())),
                threads.pulse(SETTLING));
        this.leftovers = new AbandonedTransactions(admin, config.group(), ids, System::nanoTime);
        this.outcomes = new OutcomeClassifier(
                config.maxAttempts(),
                config.maxAge(),
                () -> ThreadLocalRandom.current().nextDouble());
        this.calls = calls;
        this.pace = new Pace(
                config.limitsByModel(),
                new Pace.Bounds(config.maxInFlight(), this::hasRoomForAnswers),
                TimeMeter.SYSTEM_NANOTIME,
                request -> outcomes.isExpired(request.envelope(), clock.millis()),
                this::call,
                this::expired,
                request -> settle.accept(request.envelope(), outcomes.blamed(request, clock.millis())),
                threads.pulse(PACING));
        this.cache = new ReplyCache(
                config.cacheBytes(),
                config.maxAge(),
                clock,
                pace::accept,
                (request, body) -> settle.accept(request.envelope(), new Outcome.Reply(200, body, 0)));
        this.intake = new Intake(
                consumer,
                new PollRecovery(
                        () -> Consumers.oneByOne(config.kafka(), config.group()),
                        HeapHeadroom.ofThisProcess(),
                        System::nanoTime),
                config.topics(),
                new Intake.Bounds(
                        config.readAhead(),
                        config.readAheadBytes(),
                        HELD_RECORDS,
                        config.maxRequestBytes(),
                        config.drainTimeout()),
                clock,
                replyTopics,
                ownership,
                new FromIntake(),
                settle,
                threads.pulse(READING));
        metrics.show(new WatchedStages(intake, cache, pace, settle, threads::ages));
    }

    private Transactions transactions(String id) {
        int maxRecordBytes = config.maxResponseBytes() + RECORD_OVERHEAD;
        return new Transactions(
                () -> metrics.kafka().watch(Producers.producer(config.kafka(), id, maxRecordBytes)),
                () -> Consumers.reading(config.kafka(), config.group()),
                threads.pulse(SETTLING));
    }

    /** Starts a worker that nobody watches. */
    public static Worker start(WorkerConfig config) throws InterruptedException {
        return start(config, Metrics.off(), OpenTelemetry.noop());
    }

    /**
     * Starts a worker; it joins its group in the background.
     *
     * @param metrics of this worker only; to be closed after it
     * @param telemetry where its traces go
     * @throws WorkerException if the topics are missing or not fit for the promise, or Kafka's ACLs do not allow what it
     *     does
     */
    public static Worker start(WorkerConfig config, Metrics metrics, OpenTelemetry telemetry)
            throws InterruptedException {
        Admin admin = Admin.create(config.kafka());
        ApiClient calls =
                new ApiClient(config.baseUrl(), config.apiKey(), config.callTimeout(), config.maxResponseBytes());
        CompletableFuture<Void> warm = warmUp(calls);
        try {
            new AclCheck(admin, START_BOUND)
                    .ofWorker(config.topics(), config.group())
                    .ifPresent(missing -> {
                        throw new WorkerException(missing);
                    });
            TopicCheck check = TopicCheck.of(admin, config.topics(), START_BOUND);
            check.warnings().forEach(log::warn);
            if (!check.refusals().isEmpty()) {
                throw new WorkerException(String.join("\n", check.refusals()));
            }
            Worker worker = new Worker(config, admin, calls, metrics, telemetry);
            worker.startStages(warm);
            return worker;
        } catch (RuntimeException | InterruptedException failure) {
            admin.close(Duration.ZERO);
            calls.close();
            throw failure;
        }
    }

    /** While Kafka is asked and the group joined. */
    private static CompletableFuture<Void> warmUp(ApiClient calls) {
        Executor ownThread = task -> {
            Thread thread = new Thread(task, "sluice-warm-up");
            thread.setDaemon(true);
            thread.start();
        };
        return WarmStart.begin(ownThread, () -> Tracing.unseen(() -> calls.warmUp(WARM_UP_BOUND)), WARM_UP_BOUND);
    }

    private void startStages(CompletableFuture<Void> warm) {
        log.atInfo()
                .addKeyValue("topic", config.topics().base())
                .addKeyValue("group", config.group())
                .addKeyValue("api", config.baseUrl())
                .addKeyValue("limits", config.limits().isEmpty() ? ConfiguredLimit.UNKNOWN : config.limits())
                .log("worker starts");
        threads.start(SETTLING, settle);
        threads.start(PACING, () -> {
            warm.join();
            pace.run();
        });
        threads.start(READING, intake);
    }

    private void fail(String where, Throwable failure) {
        AclErrors.Right tried = where.equals(SETTLING) ? AclErrors.Right.WRITE : AclErrors.Right.READ;
        AclErrors.words(failure, tried, transactionalId)
                .ifPresentOrElse(missing -> failDenied(where, missing, failure), () -> {
                    log.atError().addKeyValue("stage", where).setCause(failure).log("worker fails");
                    ended.completeExceptionally(failure);
                });
    }

    /** No defect, so that a stack trace would only hide what is to be done. */
    private void failDenied(String where, String missing, Throwable failure) {
        log.atError().addKeyValue("stage", where).addKeyValue("reason", missing).log("worker fails");
        ended.completeExceptionally(new WorkerException(missing, failure));
    }

    /**
     * Call → outcome → settle. On a thread of the HTTP client. The cache is told last: what it then sends to the lane
     * finds one that knows how the call ended.
     */
    private void called(Request request, CallResult result, TracedCall traced) {
        try {
            Optional<OutcomeClassifier.Verdict> end =
                    outcomes.of(request, result, pace.standing(request), clock.millis());
            end.ifPresentOrElse(
                    verdict -> conclude(request, verdict), () -> pace.ended(request, CallFeedback.CANCELLED));
            cache.ended(request, end.flatMap(verdict -> answer(verdict.outcome())));
            metrics.calls().ended(request, result, end);
            traced.ended(result, end);
        } catch (Throwable defect) {
            fail("call", defect);
        }
    }

    /** Pace → call. A partition may have been lost, and its calls given up, since pace has chosen the request. */
    private void call(Request request, Runnable left) {
        metrics.calls().begins(request, clock.millis());
        TracedCall traced = tracing.begins(request);
        traced.start(
                () -> calls.call(request, traced.headers(), left, (ended, result) -> called(ended, result, traced)));
        if (!ownership.get().holds(request.assignment())) {
            calls.cancel(Set.of(request.assignment()));
        }
    }

    /**
     * As much again as for what is read. Not one bound for both: requests alone can take all of theirs, and would never be
     * called then.
     */
    private boolean hasRoomForAnswers() {
        return settle.answerBytes() < config.readAheadBytes();
    }

    /** Settle is told before pace: once pace counts a call as ended, its outcome is on its way. */
    private void conclude(Request request, OutcomeClassifier.Verdict verdict) {
        if (verdict.outcome() instanceof Outcome.Hold) {
            pace.putBack(request, verdict.feedback());
        } else {
            settle.accept(request.envelope(), verdict.outcome());
            pace.ended(request, verdict.feedback());
        }
    }

    private static Optional<byte[]> answer(Outcome outcome) {
        return outcome instanceof Outcome.Reply reply ? Optional.of(reply.body()) : Optional.empty();
    }

    private void expired(Request request) {
        settle.accept(request.envelope(), outcomes.expired(request.envelope()));
        cache.ended(request, Optional.empty());
    }

    private CompletableFuture<Void> withdraw(Set<Assignment> leaving) {
        cache.withdraw(leaving);
        return pace.withdraw(leaving);
    }

    /** Waits until the worker has ended; why, if it was not asked to. */
    public Optional<Throwable> awaitEnd() throws InterruptedException {
        try {
            ended.get();
            return Optional.empty();
        } catch (ExecutionException failed) {
            return Optional.ofNullable(failed.getCause());
        }
    }

    @Override
    public List<String> deadly() {
        return threads.deadly(Consumers.pollInterval(config.drainTimeout()));
    }

    @Override
    public List<String> hindrances() {
        List<String> found = new ArrayList<>();
        if (closing.get()) {
            found.add("the worker drains");
        }
        if (ownership.get().metadata().generationId() < 0) {
            found.add("the worker has not joined its group yet");
        }
        found.addAll(intake.refusals());
        return found;
    }

    /** The longest time that {@link #close} takes. */
    public static Duration longestClose(Duration drainTimeout) {
        return drainTimeout.plus(LEAVE_BOUND);
    }

    @Override
    public List<String> notices() {
        return pace.held().entrySet().stream()
                .map(lane ->
                        (lane.getKey().isEmpty() ? "models that share a lane are" : "model " + lane.getKey() + " is")
                                + " held: " + lane.getValue())
                .toList();
    }

    /** Reads nothing more, lets calls under way end within the drain time, commits what has ended, and leaves. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        log.info("worker drains");
        boolean healthy = !ended.isCompletedExceptionally();
        SharedDeadline drain = SharedDeadline.in(healthy ? config.drainTimeout() : Duration.ZERO, System::nanoTime);
        SharedDeadline leave = drain.plus(LEAVE_BOUND);
        if (healthy && !drained(drain)) {
            log.atWarn()
                    .addKeyValue("drainTimeout", config.drainTimeout())
                    .log("not everything ended in time; it is called again by the next owner");
        }
        calls.cancel(ownership.get().assignments().values());
        intake.stop();
        threads.join(READING, leave);
        pace.stop();
        settle.stop();
        threads.join(PACING, leave);
        threads.join(SETTLING, leave);
        calls.close();
        admin.close(Duration.ZERO);
        ended.complete(null);
        log.info("worker ends");
    }

    private boolean drained(SharedDeadline drain) {
        boolean read = drain.meets(intake.drain());
        // whether or not reading has ended in time: nothing more is to be called
        boolean called =
                drain.meets(withdraw(Set.copyOf(ownership.get().assignments().values())));
        return read && called && drain.plus(COMMIT_BOUND).meets(settle.flush());
    }

    /** Intake → cache → pace, or straight to settle for what is not called. */
    private final class FromIntake implements RequestSink {
        @Override
        public void accept(Request request) {
            cache.accept(request);
        }

        @Override
        public void refuse(InputRecord envelope, Reason reason, String problem) {
            settle.accept(envelope, outcomes.refused(envelope, reason, problem));
        }

        @Override
        public void postpone(InputRecord envelope) {
            settle.accept(envelope, outcomes.postponed(envelope, clock.millis()));
        }

        @Override
        public void share(int bundles, int width) {
            pace.spend(new LimitShare(Math.max(1, bundles), Math.max(1, width)));
        }

        @Override
        public CompletableFuture<Void> withdraw(Set<Assignment> leaving) {
            return Worker.this.withdraw(leaving);
        }

        @Override
        public void heldBack() {
            leftovers.end();
        }

        @Override
        public void cancel(Set<Assignment> gone) {
            calls.cancel(gone);
        }
    }
}
