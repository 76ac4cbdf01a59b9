package dev.sluice.trials.chaos;

import dev.sluice.sandbox.ApiFault;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.Cause;
import dev.sluice.trials.chaos.history.FaultRecord;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.plan.FaultSchedule;
import dev.sluice.trials.chaos.plan.ScheduledFault;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the faults of a schedule happen. Several may go on at once; there is one broker, so its faults take turns. */
final class FaultInjector implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FaultInjector.class);
    private static final int THREADS = 8;
    /** How long after its broker is back a worker may still be busy with finding it and with what it left open. */
    private static final long RECOVERY_MILLIS = 15_000;

    private static final long THAW_MILLIS = 5_000;
    private static final long COMMIT_WITHIN_MILLIS = 4_000;
    private static final long AFTERMATH_SECONDS = 3;
    private static final int FEWEST_WORKERS = 2;

    private final WorkerFleet fleet;
    private final SandboxBroker broker;
    private final KafkaProxy proxy;
    private final ChaosApi api;
    private final HistoryRecorder recorder;
    private final Clock clock;
    private final Consumer<String> announce;
    private final Lock brokerTurn = new ReentrantLock(true);
    private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(THREADS, task -> {
        Thread thread = new Thread(task, "chaos-faults");
        thread.setDaemon(true);
        return thread;
    });

    /** @param announce is told of every fault in words */
    FaultInjector(
            WorkerFleet fleet,
            SandboxBroker broker,
            KafkaProxy proxy,
            ChaosApi api,
            HistoryRecorder recorder,
            Clock clock,
            Consumer<String> announce) {
        this.fleet = fleet;
        this.broker = broker;
        this.proxy = proxy;
        this.api = api;
        this.recorder = recorder;
        this.clock = clock;
        this.announce = announce;
    }

    /** Begins now; the latch opens when the last fault is over. */
    CountDownLatch start(FaultSchedule schedule) {
        CountDownLatch over = new CountDownLatch(schedule.faults().size());
        for (ScheduledFault fault : schedule.faults()) {
            ScheduledFuture<?> unused = executor.schedule(
                    () -> {
                        try {
                            make(fault);
                        } catch (InterruptedException stopped) {
                            Thread.currentThread().interrupt();
                        } catch (Throwable defect) {
                            log.atError()
                                    .addKeyValue("fault", fault)
                                    .setCause(defect)
                                    .log("a fault could not be made");
                        } finally {
                            over.countDown();
                        }
                    },
                    fault.atMillis(),
                    TimeUnit.MILLISECONDS);
        }
        return over;
    }

    private void make(ScheduledFault fault) throws InterruptedException, IOException {
        switch (fault.kind()) {
            case KILL_WORKER ->
                toWorker(fault, place -> {
                    place.kill();
                    pause(fault);
                    place.start();
                });
            case FREEZE_WORKER -> toWorker(fault, place -> freeze(fault, place));
            case TERMINATE_WORKER ->
                toWorker(fault, place -> {
                    place.terminate();
                    pause(fault);
                    place.start();
                });
            case CUT_WORKER_OFF -> toWorker(fault, place -> cutOff(fault, place));
            case HOLD_COMMIT_ANSWERS -> toWorker(fault, place -> holdCommits(fault, place));
            case KILL_IN_COMMIT -> toWorker(fault, place -> killInCommit(fault, place));
            case KILL_BROKER ->
                toBroker(fault, () -> {
                    broker.kill();
                    pause(fault);
                    broker.startAgain();
                });
            case RESTART_BROKER ->
                toBroker(fault, () -> {
                    broker.stop();
                    pause(fault);
                    broker.startAgain();
                });
            case FREEZE_BROKER ->
                toBroker(fault, () -> {
                    broker.suspend();
                    pause(fault);
                    broker.resume();
                });
            case API_DOWN ->
                toApi(fault, () -> {
                    api.down();
                    pause(fault);
                    api.up();
                });
            case API_OVERLOADED -> answers(fault, FaultRule.always(ApiFault.status(503)));
            case ANSWERS_HANG -> answers(fault, FaultRule.withProbability(0.5, ApiFault.of(ApiFault.Reply.HANG)));
            case ANSWERS_CUT -> answers(fault, FaultRule.withProbability(0.5, ApiFault.of(ApiFault.Reply.CUT_BODY)));
            case LIMIT_LOWERED ->
                toApi(fault, () -> {
                    RateLimit lower = RateLimit.requests(3);
                    api.limit(lower);
                    pause(fault);
                    api.unlimit(lower);
                });
            case SCALE_UP -> toApi(fault, fleet::add);
            case SCALE_DOWN -> scaleDown(fault);
        }
    }

    @FunctionalInterface
    private interface Deed {
        void run() throws InterruptedException, IOException;
    }

    @FunctionalInterface
    private interface DeedToWorker {
        void run(WorkerFleet.Place place) throws InterruptedException, IOException;
    }

    /** Rather one that has something to lose than one that is just starting. */
    private void toWorker(ScheduledFault fault, DeedToWorker deed) throws InterruptedException, IOException {
        Optional<WorkerFleet.Place> borrowed = fleet.borrow(fault.choice(), proxy::commits);
        if (borrowed.isEmpty()) {
            announce.accept("fault " + fault.number() + ", " + fault.kind().words() + ": no worker to strike");
            return;
        }
        WorkerFleet.Place place = borrowed.get();
        try {
            record(fault, place.name(), () -> deed.run(place));
        } finally {
            // a zombie is dangerous in its first seconds: nothing else may keep it from going wrong
            ScheduledFuture<?> unused =
                    executor.schedule(() -> fleet.giveBack(place), AFTERMATH_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void toBroker(ScheduledFault fault, Deed deed) throws InterruptedException, IOException {
        brokerTurn.lock();
        try {
            FaultRecord made = record(fault, "broker", deed);
            recorder.incident(new CommitObstacle(
                    CommitObstacle.EVERY, Cause.NO_BROKER, made.startedAt(), made.endedAt() + RECOVERY_MILLIS));
        } finally {
            brokerTurn.unlock();
        }
    }

    private void toApi(ScheduledFault fault, Deed deed) throws InterruptedException, IOException {
        record(fault, "", deed);
    }

    private void answers(ScheduledFault fault, FaultRule rule) throws InterruptedException, IOException {
        toApi(fault, () -> {
            api.add(rule);
            pause(fault);
            api.remove(rule);
        });
    }

    private FaultRecord record(ScheduledFault fault, String target, Deed deed)
            throws InterruptedException, IOException {
        announce.accept("fault " + fault.number() + ", " + fault.kind().words()
                + (target.isEmpty() ? "" : ": " + target)
                + (fault.lengthMillis() < 100 ? "" : ", %.1f s".formatted(fault.lengthMillis() / 1e3)));
        long startedAt = clock.millis();
        deed.run();
        FaultRecord made = new FaultRecord(fault, target, startedAt, clock.millis());
        recorder.fault(made);
        return made;
    }

    private void freeze(ScheduledFault fault, WorkerFleet.Place place) throws InterruptedException {
        long from = clock.millis();
        place.freeze();
        try {
            pause(fault);
        } finally {
            place.thaw();
        }
        incident(place, Cause.FROZEN, from);
    }

    private void cutOff(ScheduledFault fault, WorkerFleet.Place place) throws InterruptedException {
        long from = clock.millis();
        proxy.cutOff(place.name());
        try {
            pause(fault);
        } finally {
            proxy.reconnect(place.name());
        }
        incident(place, Cause.CUT_OFF, from);
    }

    private void holdCommits(ScheduledFault fault, WorkerFleet.Place place) throws InterruptedException {
        long from = clock.millis();
        proxy.holdCommitAnswers(place.name());
        try {
            proxy.awaitHeldAnswer(place.name(), COMMIT_WITHIN_MILLIS);
            pause(fault);
        } finally {
            proxy.releaseCommitAnswers(place.name());
        }
        incident(place, Cause.CUT_OFF, from);
    }

    private void killInCommit(ScheduledFault fault, WorkerFleet.Place place) throws InterruptedException {
        String name = place.name();
        long from = clock.millis();
        proxy.holdCommitAnswers(name);
        try {
            proxy.awaitHeldAnswer(name, COMMIT_WITHIN_MILLIS);
            place.kill();
        } finally {
            proxy.releaseCommitAnswers(name);
        }
        recorder.incident(new CommitObstacle(name, Cause.KILLED, from, clock.millis()));
        pause(fault);
        place.start();
    }

    private void incident(WorkerFleet.Place place, Cause cause, long from) {
        recorder.incident(new CommitObstacle(place.name(), cause, from, clock.millis() + THAW_MILLIS));
    }

    /** Never below two: with one left, everything else would strike the same one. */
    private void scaleDown(ScheduledFault fault) throws InterruptedException, IOException {
        if (fleet.running() <= FEWEST_WORKERS) {
            announce.accept("fault " + fault.number() + ", " + fault.kind().words() + ": too few workers are left");
            return;
        }
        toWorker(fault, WorkerFleet.Place::terminate);
    }

    private static void pause(ScheduledFault fault) throws InterruptedException {
        Thread.sleep(fault.lengthMillis());
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
