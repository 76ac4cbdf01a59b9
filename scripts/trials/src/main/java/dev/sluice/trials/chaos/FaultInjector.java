package dev.sluice.trials.chaos;

import dev.sluice.sandbox.ApiFault;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.FaultRecord;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.plan.FaultSchedule;
import dev.sluice.trials.chaos.plan.ScheduledFault;
import java.io.IOException;
import java.util.List;
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

/** Makes the faults of a schedule happen. Several can last at the same time, but only one fault of brokers. */
final class FaultInjector implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FaultInjector.class);
    private static final int THREADS = 8;
    /** The time that workers may need to find a restarted broker and to deal with the transactions left open. */
    private static final long RECOVERY_MILLIS = 15_000;

    private static final long AFTERMATH_SECONDS = 3;
    private static final int FEWEST_WORKERS = 2;
    private static final RateLimit LOWERED = RateLimit.requests(3);
    private static final List<String> EDGE_ANSWERS = List.of(
            "status=403 body=problem",
            "status=403 body=html",
            "status=404 body=text",
            "status=404 body=none",
            "status=405 body=none",
            "status=407 body=text",
            "status=302 body=none",
            "status=308 body=none",
            "status=511 body=html");

    private final WorkerFleet fleet;
    private final BrokerFaults brokerFaults;
    private final ChaosApi api;
    private final WorkerFaults workerFaults;
    private final HistoryRecorder recorder;
    private final Consumer<String> announce;
    private final Lock brokerTurn = new ReentrantLock(true);
    private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(THREADS, task -> {
        Thread thread = new Thread(task, "chaos-faults");
        thread.setDaemon(true);
        return thread;
    });

    /** @param announce receives a sentence about every fault */
    FaultInjector(
            WorkerFleet fleet,
            BrokerFaults brokerFaults,
            ChaosApi api,
            WorkerFaults workerFaults,
            HistoryRecorder recorder,
            Consumer<String> announce) {
        this.fleet = fleet;
        this.brokerFaults = brokerFaults;
        this.api = api;
        this.workerFaults = workerFaults;
        this.recorder = recorder;
        this.announce = announce;
    }

    /** Begins now. Returns a latch that opens when the last fault is over. */
    CountDownLatch start(FaultSchedule schedule) {
        CountDownLatch over = new CountDownLatch(schedule.faults().size());
        for (ScheduledFault fault : schedule.faults()) {
            ScheduledFuture<?> unused = executor.schedule(
                    () -> {
                        try {
                            make(fault);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        } catch (Throwable e) {
                            log.atError()
                                    .addKeyValue("fault", fault)
                                    .setCause(e)
                                    .log("Fault failed");
                        } finally {
                            over.countDown();
                        }
                    },
                    fault.atMillis(),
                    TimeUnit.MILLISECONDS);
        }
        return over;
    }

    /** A fault that begins, lasts and ends. */
    @FunctionalInterface
    private interface FaultAction {
        void run() throws InterruptedException, IOException;
    }

    private void make(ScheduledFault fault) throws InterruptedException, IOException {
        switch (fault.kind()) {
            case KILL_WORKER, FREEZE_WORKER, TERMINATE_WORKER, CUT_WORKER_OFF, HOLD_COMMIT_ANSWERS, KILL_IN_COMMIT ->
                strikeWorker(fault);
            case KILL_BROKER,
                    RESTART_BROKER,
                    FREEZE_BROKER,
                    ROLL_BROKERS,
                    KILL_CONTROLLER,
                    KILL_TRANSACTION_COORDINATOR,
                    KILL_GROUP_COORDINATOR,
                    KILL_TWO_BROKERS,
                    CUT_BROKER_OFF,
                    MOVE_LEADERS,
                    FILL_DISK -> strikeBrokers(fault);
            case API_DOWN ->
                record(fault, "", () -> {
                    api.down();
                    WorkerFaults.last(fault);
                    api.up();
                });
            case API_OVERLOADED -> spoilAnswers(fault, FaultRule.always(ApiFault.status(503)));
            case ANSWERS_HANG -> spoilAnswers(fault, FaultRule.withProbability(0.5, ApiFault.of(ApiFault.Reply.HANG)));
            case ANSWERS_CUT ->
                spoilAnswers(fault, FaultRule.withProbability(0.5, ApiFault.of(ApiFault.Reply.CUT_BODY)));
            case EDGE_ANSWERS -> spoilAnswers(fault, FaultRule.always(edgeAnswer(fault.choice())));
            case EDGE_GIVES_UP -> spoilAnswers(fault, FaultRule.withProbability(0.5, ApiFault.status(524)));
            case BROWN_OUT -> spoilAnswers(fault, FaultRule.withProbability(0.7, ApiFault.status(503)));
            case CONNECTIONS_CUT ->
                spoilAnswers(fault, FaultRule.withProbability(0.5, ApiFault.of(ApiFault.Reply.CUT)));
            case ANSWERS_ZIPPED -> spoilAnswers(fault, FaultRule.always(ApiFault.of(ApiFault.Reply.ZIPPED)));
            case LIMIT_LOWERED ->
                record(fault, "", () -> {
                    api.add(LOWERED);
                    WorkerFaults.last(fault);
                    api.remove(LOWERED);
                });
            case SCALE_UP -> record(fault, "", fleet::add);
            case SCALE_DOWN -> scaleDown(fault);
        }
    }

    private static ApiFault edgeAnswer(int choice) {
        return ApiFault.parse(EDGE_ANSWERS.get(choice % EDGE_ANSWERS.size()));
    }

    private void strikeWorker(ScheduledFault fault) throws InterruptedException, IOException {
        // a worker that commits has more to lose than one that has just started
        Optional<WorkerSlot> borrowed = fleet.borrow(fault.choice(), workerFaults::commits);
        if (borrowed.isEmpty()) {
            announce.accept("fault " + fault.number() + ", " + fault.kind().words() + ": no worker to strike");
            return;
        }
        WorkerSlot slot = borrowed.get();
        try {
            record(fault, slot.name(), () -> workerFaults.make(fault, slot));
        } finally {
            // a zombie is dangerous in its first seconds: no other fault may keep it from doing harm
            ScheduledFuture<?> unused =
                    executor.schedule(() -> fleet.giveBack(slot), AFTERMATH_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void scaleDown(ScheduledFault fault) throws InterruptedException, IOException {
        // with a single worker left, all other faults would strike that one
        if (fleet.running() <= FEWEST_WORKERS) {
            announce.accept("fault " + fault.number() + ", " + fault.kind().words() + ": too few workers are left");
            return;
        }
        strikeWorker(fault);
    }

    private void strikeBrokers(ScheduledFault fault) throws InterruptedException, IOException {
        brokerTurn.lock();
        try {
            List<SandboxBroker> targets = brokerFaults.targets(fault);
            FaultRecord made = record(fault, BrokerFaults.names(targets), () -> brokerFaults.make(fault, targets));
            if (!fault.kind().isHarmless()) {
                recorder.obstacle(new CommitObstacle(
                        CommitObstacle.EVERY,
                        ObstacleCause.NO_BROKER,
                        made.startedAt(),
                        made.endedAt() + RECOVERY_MILLIS));
            }
            brokerFaults.awaitInSync();
        } finally {
            brokerTurn.unlock();
        }
    }

    private void spoilAnswers(ScheduledFault fault, FaultRule rule) throws InterruptedException, IOException {
        record(fault, "", () -> {
            api.add(rule);
            WorkerFaults.last(fault);
            api.remove(rule);
        });
    }

    private FaultRecord record(ScheduledFault fault, String target, FaultAction action)
            throws InterruptedException, IOException {
        announce.accept("fault " + fault.number() + ", " + fault.kind().words()
                + (target.isEmpty() ? "" : ": " + target)
                + (fault.lengthMillis() < 100 ? "" : ", %.1f s".formatted(fault.lengthMillis() / 1e3)));
        long startedAt = recorder.now();
        action.run();
        FaultRecord made = new FaultRecord(fault, target, startedAt, recorder.now());
        recorder.fault(made);
        return made;
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
