package dev.sluice.gateway;

import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.FileStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes now and then what nobody needs any more of the stored files. It belongs to the event loop. */
final class FileUpkeep {
    private static final Logger LOG = LoggerFactory.getLogger(FileUpkeep.class);
    private static final Duration LEFTOVERS_EVERY = Duration.ofMinutes(1);
    private static final Duration EXPIRED_EVERY = Duration.ofHours(1);
    private static final long JUMP_MILLIS = 60_000;

    private final FileTasks tasks;
    private final Clock clock;
    private long clockMillis;
    private long steadyNanos = System.nanoTime();
    private boolean isBusy;

    private FileUpkeep(FileTasks tasks, Clock clock) {
        this.tasks = tasks;
        this.clock = clock;
        this.clockMillis = clock.millis();
    }

    /** Begins at once with what a door that has died may have left behind. */
    static void start(Vertx vertx, FileTasks tasks, FileStore store, BatchStore batches, Clock clock) {
        FileUpkeep upkeep = new FileUpkeep(tasks, clock);
        vertx.setPeriodic(1, LEFTOVERS_EVERY.toMillis(), tick -> upkeep.run(store::deleteLeftovers));
        vertx.setPeriodic(
                EXPIRED_EVERY.toMillis(),
                tick -> upkeep.run(() -> {
                    store.deleteExpired();
                    batches.deleteOld();
                }));
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    /** Leaves a round out while the last one goes on, as on a volume that hangs. */
    private void run(Work work) {
        watchClock();
        if (isBusy) {
            return;
        }
        isBusy = true;
        Future<Boolean> unused = tasks.run(() -> {
                    work.run();
                    return true;
                })
                .onComplete(done -> {
                    isBusy = false;
                    if (done.failed()) {
                        LOG.atWarn()
                                .addKeyValue("error", done.cause().toString())
                                .log("Stored files not cleaned up, which is tried again");
                    }
                });
    }

    private void watchClock() {
        long steady = System.nanoTime();
        long now = clock.millis();
        long jumped = now - clockMillis - Duration.ofNanos(steady - steadyNanos).toMillis();
        if (Math.abs(jumped) > JUMP_MILLIS) {
            LOG.atWarn()
                    .addKeyValue("seconds", jumped / 1_000)
                    .log("Clock jumped, by which stored files expire; those past their time are deleted in an hour");
        }
        clockMillis = now;
        steadyNanos = steady;
    }
}
