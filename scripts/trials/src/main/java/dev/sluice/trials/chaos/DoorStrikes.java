package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.DoorPlan.Strike;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Strikes doors, workers and the broker at planned times, whatever waits at the moment. */
final class DoorStrikes implements AutoCloseable {
    private static final int THREADS = 6;
    /** The time that workers may need to find a restarted broker and to deal with the transactions left open. */
    private static final long RECOVERY_MILLIS = 15_000;

    /** The time that a worker may need to find out that others have its partitions. */
    private static final long AFTERMATH_MILLIS = 5_000;

    private static final Duration LISTENING_BOUND = Duration.ofMinutes(5);
    private static final long STOP_SECONDS_AFTER_DRAIN = 30;

    private final DoorRig rig;
    private final Consumer<String> say;
    private final Set<DoorSlot> struck = new HashSet<>();
    private final Object brokerTurn = new Object();
    private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(THREADS, task -> {
        Thread thread = new Thread(task, "door-strikes");
        thread.setDaemon(true);
        return thread;
    });

    DoorStrikes(DoorRig rig, Consumer<String> say) {
        this.rig = rig;
        this.say = say;
    }

    /** Begins now. The future ends when all strikes are over, and fails with the first one that was not possible. */
    CompletableFuture<Void> start(List<Strike> strikes) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (Strike strike : strikes) {
            CompletableFuture<Void> over = new CompletableFuture<>();
            all.add(over);
            var unused = executor.schedule(
                    () -> {
                        try {
                            make(strike);
                            over.complete(null);
                        } catch (Throwable e) { // the thread's backstop: the run must learn of it
                            over.completeExceptionally(e);
                        }
                    },
                    strike.atMillis(),
                    TimeUnit.MILLISECONDS);
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
    }

    private void make(Strike strike) throws InterruptedException {
        switch (strike.kind()) {
            case KILL_DOOR, TERMINATE_DOOR -> strikeDoor(strike);
            case KILL_WORKER, FREEZE_WORKER -> strikeWorker(strike);
            case KILL_BROKER -> killBroker(strike);
        }
    }

    private void strikeDoor(Strike strike) throws InterruptedException {
        Optional<DoorSlot> chosen = borrowDoor(strike.choice());
        if (chosen.isEmpty()) {
            say.accept("no door is left to strike");
            return;
        }
        DoorSlot door = chosen.get();
        try {
            say(strike, door.name());
            if (strike.kind() == DoorPlan.StrikeKind.KILL_DOOR) {
                door.process().kill();
            } else if (!door.process().terminate(rig.drain().toSeconds() + STOP_SECONDS_AFTER_DRAIN)) {
                throw new IllegalStateException(door.name() + " has not stopped when its drain was over");
            }
            last(strike);
            door.start();
            door.awaitListening(LISTENING_BOUND);
        } finally {
            giveBack(door);
        }
    }

    private synchronized Optional<DoorSlot> borrowDoor(int choice) {
        List<DoorSlot> free =
                rig.doors().stream().filter(door -> !struck.contains(door)).toList();
        if (free.isEmpty()) {
            return Optional.empty();
        }
        DoorSlot door = free.get(choice % free.size());
        struck.add(door);
        return Optional.of(door);
    }

    private synchronized void giveBack(DoorSlot door) {
        struck.remove(door);
    }

    private void strikeWorker(Strike strike) throws InterruptedException {
        Optional<WorkerSlot> chosen = rig.workers().borrow(strike.choice(), name -> true);
        if (chosen.isEmpty()) {
            say.accept("no worker is left to strike");
            return;
        }
        WorkerSlot worker = chosen.get();
        try {
            say(strike, worker.name());
            if (strike.kind() == DoorPlan.StrikeKind.FREEZE_WORKER) {
                freeze(strike, worker);
            } else {
                worker.kill();
                last(strike);
                worker.start();
            }
        } finally {
            rig.workers().giveBack(worker);
        }
    }

    private void freeze(Strike strike, WorkerSlot worker) throws InterruptedException {
        long from = rig.recorder().now();
        worker.freeze();
        try {
            last(strike);
        } finally {
            worker.thaw();
        }
        long until = rig.recorder().now() + AFTERMATH_MILLIS;
        rig.recorder().obstacle(new CommitObstacle(worker.name(), ObstacleCause.FROZEN, from, until));
    }

    private void killBroker(Strike strike) throws InterruptedException {
        synchronized (brokerTurn) {
            say(strike, "broker");
            long from = rig.recorder().now();
            rig.broker().kill();
            last(strike);
            rig.broker().startAgain();
            rig.recorder()
                    .obstacle(new CommitObstacle(
                            CommitObstacle.EVERY,
                            ObstacleCause.NO_BROKER,
                            from,
                            rig.recorder().now() + RECOVERY_MILLIS));
        }
    }

    private void say(Strike strike, String target) {
        say.accept(strike.kind().words() + ": " + target + ", %.1f s".formatted(strike.lengthMillis() / 1e3));
    }

    private static void last(Strike strike) throws InterruptedException {
        Thread.sleep(strike.lengthMillis());
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
