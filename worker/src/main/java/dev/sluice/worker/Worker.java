package dev.sluice.worker;

import dev.sluice.worker.call.ApiClient;
import dev.sluice.worker.cancel.CancelMarks;
import dev.sluice.worker.cancel.CancelReader;
import dev.sluice.worker.intake.BundleAssignor;
import dev.sluice.worker.intake.HeapHeadroom;
import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.intake.OffsetLedger;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.PollRecovery;
import dev.sluice.worker.intake.RebalanceHandler;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.kafka.CompressionCodecs;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.observe.Metrics;
import dev.sluice.worker.observe.RequestLog;
import dev.sluice.worker.observe.Tracing;
import dev.sluice.worker.observe.WatchedStages;
import dev.sluice.worker.outcome.OutcomeClassifier;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pieces.PieceWriter;
import dev.sluice.worker.pool.PoolMember;
import dev.sluice.worker.provider.BaseUrlCheck;
import dev.sluice.worker.settle.AbandonedTransactions;
import dev.sluice.worker.settle.AckRuns;
import dev.sluice.worker.settle.EndedRecords;
import dev.sluice.worker.settle.Settle;
import dev.sluice.worker.settle.SettleListener;
import dev.sluice.worker.settle.TransactionalId;
import dev.sluice.worker.settle.Transactions;
import dev.sluice.worker.threads.SharedDeadline;
import dev.sluice.worker.threads.StageThreads;
import dev.sluice.worker.threads.WorkerException;
import dev.sluice.worker.topics.AclCheck;
import dev.sluice.worker.topics.AclErrors;
import dev.sluice.worker.topics.NewGroupCheck;
import dev.sluice.worker.topics.TopicCheck;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Assembles the stages of one worker, starts them, and ends them.
 *
 * <p>{@link RequestFlow} has the way of a request through the stages. Data flows one way; only facts about it come
 * back: pace and the cache learn how calls ended, and intake reads how much is not committed yet. The stages start
 * downstream first and stop in the order in which the data drains. Thread-safe.
 */
public final class Worker implements AutoCloseable {
    private static final Duration WARM_UP_BOUND = Duration.ofSeconds(2);
    /** The longest time for which a worker without partitions tells the others nothing. */
    private static final Duration JOIN_BOUND = Duration.ofSeconds(5);
    /** The time after the drain time in which all threads have to end. */
    private static final Duration LEAVE_BOUND = Duration.ofSeconds(18);

    private static final String INTAKE_THREAD = "sluice-intake";
    private static final String PACE_THREAD = "sluice-pace";
    private static final String SETTLE_THREAD = "sluice-settle";
    private static final String POOL_THREAD = "sluice-pool";
    private static final String CANCELS_THREAD = "sluice-cancels";
    private static final String PIECES_THREAD = "sluice-pieces";
    /** The event loop of the HTTP client. */
    private static final String CALL_THREAD = "sluice-call";

    private static final int DELAYED_RECORDS = 40_000;
    /** The part of the read-ahead that replies to unavailable partitions may take, as a divisor. */
    private static final int WAITING_PART = 10;
    /** The room for headers beside the largest answer in one record. */
    private static final int RECORD_OVERHEAD = 1 << 20;

    private static final Logger log = LoggerFactory.getLogger(Worker.class);

    private final WorkerConfig config;
    private final Admin admin;
    private final String transactionalId;
    private final AtomicReference<Ownership> ownership;
    private final Settle settle;
    private final ApiClient api;
    private final RequestFlow flow;
    private final Intake intake;
    private final PoolMember pool;
    private final CompletableFuture<Void> mayReport;
    private final Thread poolThread;
    private final PieceWriter pieces;
    private final Thread piecesThread;
    private final CancelReader cancels;
    private final Thread cancelsThread;
    private final WorkerHealth health;
    private final StageThreads threads = new StageThreads(this::fail, System::nanoTime);
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private Worker(WorkerConfig config, Admin admin, ApiClient api, Metrics metrics, OpenTelemetry telemetry) {
        this.config = config;
        this.admin = admin;
        this.api = api;
        WorkerConfig.Queue queue = config.queue();
        SteadyClock clock = new SteadyClock(Clock.systemUTC(), System::nanoTime);
        Tracing tracing = new Tracing(telemetry, clock);
        String name = queue.instanceId().orElseGet(() -> UUID.randomUUID().toString());
        // No topic and no name has a colon, so that no two queues share an id.
        String idPrefix = queue.group() + ":" + queue.topics().base() + ":";
        this.transactionalId = idPrefix + name;
        Consumer<byte[], byte[]> consumer = metrics.kafka()
                .watch(KafkaClients.groupMember(
                        queue.kafka(),
                        queue.group(),
                        name,
                        queue.instanceId(),
                        BundleAssignor.class,
                        RebalanceHandler.maxPollInterval(config.drainTimeout())));
        this.ownership = new AtomicReference<>(new Ownership(Map.of(), consumer.groupMetadata()));
        ReplyTopics replyTopics = new ReplyTopics(queue.topics(), queue.replyTopics());
        this.settle = new Settle(
                ownership,
                replyTopics,
                new TopicLookUp(admin),
                transactions(metrics),
                new Settle.WaitingReplies(
                        config.memory().readAhead() / WAITING_PART,
                        config.memory().readAheadBytes() / WAITING_PART),
                clock,
                System::nanoTime,
                SettleListener.both(metrics.settlements(), SettleListener.both(tracing, new RequestLog())),
                threads.heartbeat(SETTLE_THREAD));
        this.pieces =
                new PieceWriter(queue.topics(), () -> KafkaClients.pieceWriter(queue.kafka(), name), System::nanoTime);
        this.piecesThread = daemon(pieces, PIECES_THREAD);
        CancelMarks marks = new CancelMarks();
        this.flow = new RequestFlow(
                config,
                ownership::get,
                new OutcomeClassifier(
                        config.retries().maxAttempts(),
                        config.retries().maxAge(),
                        () -> ThreadLocalRandom.current().nextDouble()),
                settle,
                api,
                pieces,
                new AbandonedTransactions(admin, queue.group(), idPrefix, System::nanoTime),
                new EndedRecords(admin, queue.group(), queue.topics(), System::nanoTime),
                metrics.calls(),
                tracing,
                clock,
                marks,
                threads.heartbeat(PACE_THREAD),
                defect -> fail("call", defect));
        this.cancels = new CancelReader(
                queue.topics().cancels(),
                () -> KafkaClients.cancelReader(queue.kafka(), name),
                marks,
                clock,
                flow::marksRead);
        this.cancelsThread = daemon(cancels, CANCELS_THREAD);
        this.intake = new Intake(
                consumer,
                new PollRecovery(
                        () -> KafkaClients.singleRecordReader(queue.kafka(), queue.group()),
                        HeapHeadroom.ofThisProcess(),
                        System::nanoTime),
                () -> KafkaClients.scout(queue.kafka(), name),
                queue.topics(),
                new Intake.Bounds(
                        config.memory().readAhead(),
                        config.memory().readAheadBytes(),
                        DELAYED_RECORDS,
                        config.memory().maxRequestBytes(),
                        config.drainTimeout()),
                clock,
                replyTopics,
                ownership,
                flow,
                settle,
                threads.heartbeat(INTAKE_THREAD));
        Instant started = clock.instant();
        this.pool = new PoolMember(
                queue.topics().workers(),
                name,
                started,
                new PoolMember.Clients(
                        () -> KafkaClients.reportReader(queue.kafka(), name),
                        () -> KafkaClients.reportWriter(queue.kafka(), name)),
                new WorkerReporter(
                        started,
                        flow::bundles,
                        flow.pace()::state,
                        metrics.calls()::cancelled,
                        metrics.calls()::endedCalls),
                new ModelListing(api::listModels, ThreadLocalRandom.current()::nextDouble, System::nanoTime),
                flow.pace()::lend,
                System::nanoTime);
        flow.pace().onSnapshot(pool::look);
        this.mayReport = flow.hasJoined().completeOnTimeout(null, JOIN_BOUND.toMillis(), TimeUnit.MILLISECONDS);
        // The clients that report would take their time from those that join the group.
        this.poolThread = daemon(
                () -> {
                    mayReport.join();
                    pool.run();
                },
                POOL_THREAD);
        this.health = new WorkerHealth(
                threads,
                RebalanceHandler.maxPollInterval(config.drainTimeout()),
                ownership::get,
                closing::get,
                intake,
                flow.pace(),
                settle,
                pool::others);
        metrics.show(new WatchedStages(
                intake, flow.cache(), flow.pace(), settle, threads::ages, marks::size, api::openStreams, pieces));
    }

    private Transactions transactions(Metrics metrics) {
        Map<String, Object> kafka = config.queue().kafka();
        int maxRecordBytes = config.memory().maxResponseBytes() + RECORD_OVERHEAD;
        TransactionalId id = new TransactionalId(admin, transactionalId);
        return new Transactions(
                id,
                time -> metrics.kafka()
                        .watch(KafkaClients.transactionalProducer(kafka, id.current(), maxRecordBytes, time)),
                () -> KafkaClients.groupOffsetReader(kafka, config.queue().group()),
                threads.heartbeat(SETTLE_THREAD));
    }

    /** Starts a worker without metrics and traces. */
    public static Worker start(WorkerConfig config) throws InterruptedException {
        return start(config, Metrics.off(), OpenTelemetry.noop());
    }

    /**
     * Starts a worker, which joins its group in the background.
     *
     * @param metrics the meters of this worker only; close them after it
     * @param telemetry receives its traces
     * @throws WorkerException if the topics are missing or unfit for the promise, if Kafka's ACLs deny a right that the
     *     worker needs, if the group is new to a queue that others have worked on, or if this host cannot unpack
     *     compressed records
     */
    public static Worker start(WorkerConfig config, Metrics metrics, OpenTelemetry telemetry)
            throws InterruptedException {
        Admin admin = KafkaClients.admin(config.queue().kafka());
        WorkerConfig.Api upstream = config.api();
        CompletableFuture<Throwable> clientDied = new CompletableFuture<>();
        ApiClient api = new ApiClient(
                new ApiClient.Target(upstream.baseUrl(), upstream.proxy(), upstream.authorities()),
                upstream.apiKey(),
                new ApiClient.Bounds(
                        upstream.callTimeout(),
                        config.pacing().maxInFlight(),
                        config.memory().maxResponseBytes(),
                        config.memory().readAheadBytes()),
                clientDied::complete);
        CompletableFuture<Void> warm = warmUp(api);
        CompletableFuture<List<String>> codecs =
                CompletableFuture.supplyAsync(CompressionCodecs::problems, task -> startDaemon(task, "sluice-codecs"));
        try {
            check(config, admin);
            refuseIf(codecs.join());
            Worker worker = new Worker(config, admin, api, metrics, telemetry);
            // Without the client no call ends, and only a restart brings another one.
            var unused = clientDied.thenAccept(reason -> worker.fail("call", reason));
            worker.startStages(warm);
            return worker;
        } catch (RuntimeException | InterruptedException failure) {
            admin.close(Duration.ZERO);
            api.close();
            throw failure;
        }
    }

    private static void check(WorkerConfig config, Admin admin) throws InterruptedException {
        WorkerConfig.Queue queue = config.queue();
        new AclCheck(admin, AdminTimeouts.FOREGROUND)
                .ofWorker(queue.topics(), queue.group())
                .ifPresent(missing -> {
                    throw new WorkerException(missing);
                });
        TopicCheck topics = TopicCheck.of(
                admin, queue.topics(), AdminTimeouts.FOREGROUND, config.memory().maxRequestBytes());
        topics.warnings().forEach(log::warn);
        refuseIf(topics.refusals());
        if (!queue.newGroup()) {
            new NewGroupCheck(admin, queue.topics(), AckRuns::isIn, AdminTimeouts.FOREGROUND_MILLIS)
                    .refusal(queue.group(), topics.partitions())
                    .ifPresent(refusal -> refuseIf(List.of(refusal)));
        }
    }

    private static void refuseIf(List<String> refusals) {
        if (!refusals.isEmpty()) {
            throw new WorkerException(String.join("\n", refusals));
        }
    }

    /** Warms up the HTTP client while Kafka is asked and the group is joined. */
    private static CompletableFuture<Void> warmUp(ApiClient api) {
        return api.warmUp(task -> startDaemon(() -> Tracing.untraced(task), "sluice-warm-up"), WARM_UP_BOUND);
    }

    private static void startDaemon(Runnable task, String name) {
        daemon(task, name).start();
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private void startStages(CompletableFuture<Void> warm) {
        Map<String, ConfiguredLimit> limits = config.pacing().limits();
        BaseUrlCheck.doubt(config.api().baseUrl())
                .ifPresent(likely -> log.atWarn()
                        .addKeyValue("api", config.api().baseUrl())
                        .addKeyValue("likely", likely)
                        .log("API's base URL may be wrong"));
        log.atInfo()
                .addKeyValue("topic", config.queue().topics().base())
                .addKeyValue("group", config.queue().group())
                .addKeyValue("api", config.api().baseUrl())
                .addKeyValue("limits", limits.isEmpty() ? ConfiguredLimit.UNKNOWN : limits)
                .log("Worker starts");
        api.beat(threads.heartbeat(CALL_THREAD));
        cancelsThread.start();
        piecesThread.start();
        threads.start(SETTLE_THREAD, settle);
        threads.start(PACE_THREAD, () -> {
            warm.join();
            cancels.awaitFirstReading();
            flow.pace().run();
        });
        threads.start(INTAKE_THREAD, intake);
        poolThread.start();
    }

    private void fail(String where, Throwable failure) {
        Throwable end = named(where, failure);
        LoggingEventBuilder line = log.atError().addKeyValue("stage", where);
        // what a person can mend is no defect, and a stack trace would only hide what is to be done
        line = end instanceof WorkerException ? line.addKeyValue("reason", end.getMessage()) : line.setCause(end);
        line.log("Stage failed; the worker ends");
        ended.completeExceptionally(end);
    }

    /** Returns the failure, or one that names the missing right if Kafka's ACLs deny something. */
    private Throwable named(String where, Throwable failure) {
        if (failure instanceof WorkerException) {
            return failure;
        }
        AclErrors.Right tried = where.equals(SETTLE_THREAD) ? AclErrors.Right.WRITE : AclErrors.Right.READ;
        return AclErrors.words(failure, tried, transactionalId)
                .<Throwable>map(missing -> new WorkerException(missing, failure))
                .orElse(failure);
    }

    /** Waits until the worker has ended. Returns the cause if it was not {@linkplain #close asked} to end. */
    public Optional<Throwable> awaitEnd() throws InterruptedException {
        try {
            ended.get();
            return Optional.empty();
        } catch (ExecutionException failed) {
            return Optional.ofNullable(failed.getCause());
        }
    }

    /** Returns the answers to health probes about this worker. */
    public HealthChecks health() {
        return health;
    }

    /** Returns the longest time that {@link #close} takes. */
    public static Duration longestClose(Duration drainTimeout) {
        return drainTimeout.plus(LEAVE_BOUND);
    }

    /** Stops reading, lets calls under way end within the drain time, commits their outcomes, and leaves the group. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        log.info("Worker drains");
        boolean healthy = !ended.isCompletedExceptionally();
        SharedDeadline drain = SharedDeadline.in(healthy ? config.drainTimeout() : Duration.ZERO, System::nanoTime);
        SharedDeadline leave = drain.plus(LEAVE_BOUND);
        if (healthy && !drained(drain)) {
            log.atWarn()
                    .addKeyValue("drainTimeout", config.drainTimeout())
                    .log("Calls did not end in time; the next owner calls their requests again");
        }
        api.cancel(ownership.get().assignments().values());
        pool.stop();
        mayReport.complete(null);
        pieces.stop();
        cancels.stop();
        intake.stop();
        threads.join(INTAKE_THREAD, leave);
        flow.pace().stop();
        settle.stop();
        threads.join(PACE_THREAD, leave);
        threads.join(SETTLE_THREAD, leave);
        leave.join(poolThread);
        leave.join(cancelsThread);
        leave.join(piecesThread);
        api.close();
        admin.close(Duration.ZERO);
        ended.complete(null);
        log.info("Worker ends");
    }

    private boolean drained(SharedDeadline drain) {
        boolean read = drain.meets(intake.drain());
        // Nothing more is to be called, whether or not reading has ended in time.
        boolean called = drain.meets(
                flow.withdraw(Set.copyOf(ownership.get().assignments().values())));
        return read && called && drain.plus(OffsetLedger.FLUSH_TIMEOUT).meets(settle.flush());
    }
}
