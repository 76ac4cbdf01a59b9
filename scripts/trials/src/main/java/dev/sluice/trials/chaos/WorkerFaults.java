package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.plan.ScheduledFault;

/** Makes the faults that strike a single worker. Thread-safe. */
final class WorkerFaults {
    /** The time for which a worker may suffer from a fault that is over. */
    private static final long AFTERMATH_MILLIS = 5_000;

    private static final long COMMIT_WITHIN_MILLIS = 4_000;

    private final KafkaProxy proxy;
    private final HistoryRecorder recorder;

    WorkerFaults(KafkaProxy proxy, HistoryRecorder recorder) {
        this.proxy = proxy;
        this.recorder = recorder;
    }

    /** Tells whether the worker with this name has committed in the last seconds. */
    boolean commits(String worker) {
        return proxy.commits(worker);
    }

    /** Makes a fault and returns when it is over. */
    void make(ScheduledFault fault, WorkerSlot slot) throws InterruptedException {
        switch (fault.kind()) {
            case KILL_WORKER -> {
                slot.kill();
                restart(fault, slot);
            }
            case TERMINATE_WORKER -> {
                slot.terminate();
                restart(fault, slot);
            }
            case SCALE_DOWN -> slot.terminate();
            case FREEZE_WORKER -> freeze(fault, slot);
            case CUT_WORKER_OFF -> cutOff(fault, slot);
            case HOLD_COMMIT_ANSWERS -> holdCommits(fault, slot);
            case KILL_IN_COMMIT -> killInCommit(fault, slot);
            default -> throw new IllegalArgumentException("does not strike a worker: " + fault);
        }
    }

    /** Waits as long as the fault lasts. */
    static void last(ScheduledFault fault) throws InterruptedException {
        Thread.sleep(fault.lengthMillis());
    }

    private static void restart(ScheduledFault fault, WorkerSlot slot) throws InterruptedException {
        last(fault);
        slot.start();
    }

    private void freeze(ScheduledFault fault, WorkerSlot slot) throws InterruptedException {
        long from = recorder.now();
        slot.freeze();
        try {
            last(fault);
        } finally {
            slot.thaw();
        }
        obstacle(slot, ObstacleCause.FROZEN, from);
    }

    private void cutOff(ScheduledFault fault, WorkerSlot slot) throws InterruptedException {
        long from = recorder.now();
        proxy.cutOff(slot.name());
        try {
            last(fault);
        } finally {
            proxy.reconnect(slot.name());
        }
        obstacle(slot, ObstacleCause.CUT_OFF, from);
    }

    private void holdCommits(ScheduledFault fault, WorkerSlot slot) throws InterruptedException {
        long from = recorder.now();
        proxy.holdCommitAnswers(slot.name());
        try {
            proxy.awaitHeldAnswer(slot.name(), COMMIT_WITHIN_MILLIS);
            last(fault);
        } finally {
            proxy.releaseCommitAnswers(slot.name());
        }
        obstacle(slot, ObstacleCause.CUT_OFF, from);
    }

    private void killInCommit(ScheduledFault fault, WorkerSlot slot) throws InterruptedException {
        String name = slot.name();
        long from = recorder.now();
        proxy.holdCommitAnswers(name);
        try {
            proxy.awaitHeldAnswer(name, COMMIT_WITHIN_MILLIS);
            slot.kill();
        } finally {
            proxy.releaseCommitAnswers(name);
        }
        recorder.obstacle(new CommitObstacle(name, ObstacleCause.KILLED, from, recorder.now()));
        restart(fault, slot);
    }

    private void obstacle(WorkerSlot slot, ObstacleCause cause, long from) {
        recorder.obstacle(new CommitObstacle(slot.name(), cause, from, recorder.now() + AFTERMATH_MILLIS));
    }
}
