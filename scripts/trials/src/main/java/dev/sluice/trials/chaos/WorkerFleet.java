package dev.sluice.trials.chaos;

import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.WorkerProcess;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.history.WorkerLife;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The workers: places, in each of which one process lives after another. A fault borrows a place and gives it back, so
 * that no two strike the same one. Thread-safe.
 */
final class WorkerFleet implements AutoCloseable {
    /** More than a worker gives itself: its drain time and 20 s. */
    private static final long TERMINATION_SECONDS = 60;

    private static final long JOIN_PAUSE_MILLIS = 200;
    private static final long RESTART_SECONDS = 1;

    private final JavaProgram jar;
    private final List<String> arguments;
    private final Path folder;
    private final HistoryRecorder recorder;
    private final Clock clock;
    private final List<Place> places = new ArrayList<>();
    private boolean closed;

    /** @param arguments of every worker */
    WorkerFleet(JavaProgram jar, List<String> arguments, Path folder, HistoryRecorder recorder, Clock clock) {
        this.jar = jar;
        this.arguments = List.copyOf(arguments);
        this.folder = folder;
        this.recorder = recorder;
        this.clock = clock;
    }

    /** One worker more. */
    synchronized String add() {
        Place place = new Place(places.size() + 1);
        places.add(place);
        place.start();
        return place.name();
    }

    /**
     * A place whose worker runs and that no other fault has; the one of them that {@code choice} falls on.
     *
     * @param preferred by the worker's name; others are taken where there are none of these
     */
    synchronized Optional<Place> borrow(int choice, Predicate<String> preferred) {
        List<Place> free = places.stream()
                .filter(place -> !place.borrowed && place.isRunning())
                .toList();
        if (free.isEmpty()) {
            return Optional.empty();
        }
        List<Place> best =
                free.stream().filter(place -> preferred.test(place.name())).toList();
        List<Place> candidates = best.isEmpty() ? free : best;
        Place place = candidates.get(choice % candidates.size());
        place.borrowed = true;
        return Optional.of(place);
    }

    synchronized void giveBack(Place place) {
        place.borrowed = false;
    }

    /** Until every worker has been assigned partitions, or that there are none for it. */
    void awaitJoined(Duration bound) throws InterruptedException {
        long until = System.nanoTime() + bound.toNanos();
        for (Place place : places()) {
            while (!place.hasJoined()) {
                if (System.nanoTime() > until) {
                    throw new IllegalStateException(place.name() + " has not joined the group within " + bound);
                }
                Thread.sleep(JOIN_PAUSE_MILLIS);
            }
        }
    }

    synchronized int running() {
        return (int) places.stream().filter(Place::isRunning).count();
    }

    /** Tells every worker to stop, all at once, and waits for all of them. */
    void terminate() throws InterruptedException {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (Place place : running(places())) {
            ends.add(CompletableFuture.runAsync(place::terminateUninterruptibly));
        }
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)).join();
        awaitLives();
    }

    private synchronized List<Place> places() {
        return List.copyOf(places);
    }

    private static List<Place> running(List<Place> places) {
        return places.stream().filter(Place::isRunning).toList();
    }

    /** Until every life that has ended is in the history. */
    private void awaitLives() throws InterruptedException {
        for (Place place : places()) {
            try {
                place.recorded.get(TERMINATION_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException failure) {
                throw new IllegalStateException("the end of " + place.name() + " was not recorded", failure);
            }
        }
    }

    /** Kills whatever still runs. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        for (Place place : running(places())) {
            place.kill();
        }
    }

    /** Where one worker runs at a time. */
    final class Place {
        private final int number;
        private int lives;
        private boolean borrowed;
        private @Nullable WorkerProcess process;
        private volatile CompletableFuture<Void> recorded = CompletableFuture.completedFuture(null);

        Place(int number) {
            this.number = number;
        }

        /** Of the life that runs, or ran last. */
        String name() {
            return "w" + number + "-" + lives;
        }

        boolean isRunning() {
            return process != null && process.isAlive();
        }

        boolean hasJoined() {
            return current().log().stream().anyMatch(line -> line.contains("partitions assigned"));
        }

        /** Begins the next life. */
        void start() {
            synchronized (WorkerFleet.this) {
                if (closed) {
                    return;
                }
                lives++;
                String name = name();
                long startedAt = clock.millis();
                List<String> command = new ArrayList<>(arguments);
                command.add("--kafka-config=" + clientId(name));
                WorkerProcess life =
                        jar.start(folder.resolve(name + ".log"), command, Map.of("TOGETHER_API_KEY", name));
                process = life;
                recorded = life.exit().thenAccept(exitCode -> ended(life, name, startedAt, exitCode));
            }
        }

        private Path clientId(String name) {
            try {
                return Files.writeString(folder.resolve(name + ".properties"), "client.id=" + name + "\n");
            } catch (IOException failure) {
                throw new UncheckedIOException("cannot write into " + folder, failure);
            }
        }

        private void ended(WorkerProcess life, String name, long startedAt, int exitCode) {
            WorkerLife.End end = switch (life.asked()) {
                case NOTHING -> WorkerLife.End.ITSELF;
                case TO_STOP -> WorkerLife.End.TERMINATED;
                case KILLED -> WorkerLife.End.KILLED;
            };
            recorder.life(WorkerLog.of(life.log()).life(name, startedAt, clock.millis(), end, exitCode));
            if (end == WorkerLife.End.ITSELF) {
                // as a supervisor would; the check has its own opinion
                CompletableFuture.delayedExecutor(RESTART_SECONDS, TimeUnit.SECONDS)
                        .execute(this::start);
            }
        }

        void kill() {
            try {
                current().kill();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** SIGTERM; killed where it does not end, which counts as not having exited with 0. */
        void terminate() throws InterruptedException {
            WorkerProcess life = current();
            if (!life.terminate(TERMINATION_SECONDS)) {
                life.abandon();
            }
        }

        void terminateUninterruptibly() {
            try {
                terminate();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        void freeze() {
            current().freeze();
        }

        void thaw() {
            current().thaw();
        }

        private WorkerProcess current() {
            synchronized (WorkerFleet.this) {
                if (process == null) {
                    throw new IllegalStateException("nothing was started in place " + number);
                }
                return process;
            }
        }
    }
}
