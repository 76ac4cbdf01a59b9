package dev.sluice.console;

import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.ProgramVersion;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the queue again and again on a thread of its own: often while somebody looks, else as often as a sample is
 * kept. What fails is shown and tried again. Any thread may call {@link #wake} and {@link #close}.
 */
final class QueueFeed implements AutoCloseable {
    /** The time between two readings while somebody looks. */
    private static final Duration WATCHED = Duration.ofSeconds(2);

    private static final Duration CLOSE_TIME = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(QueueFeed.class);

    private final QueueReader reader;
    private final HourHistory history;
    private final Clock clock;
    private final BooleanSupplier isWatched;
    private final Listener listener;
    private final CallRates rates = new CallRates();
    private final Semaphore wakes = new Semaphore(0);
    private final Thread thread = new Thread(this::run, "sluice-console-reader");
    private @Nullable QueueReading last;
    private CallRates.PerSecond calls = CallRates.PerSecond.NONE;
    private String problem = "";
    private long nextSample;

    /** Takes the events on the feed's thread. They are whole, and nobody changes them. */
    interface Listener {
        /** Takes the present state of the queue. */
        void now(byte[] event);

        /**
         * Takes one more sample.
         *
         * @param sample the sample as an event
         * @param history all samples as one event, this one included
         */
        void sampled(byte[] sample, byte[] history);
    }

    /**
     * Makes a feed that has not started.
     *
     * @param reader reads the queue; the feed closes it on its own thread
     * @param history the samples; the feed closes it
     * @param isWatched returns whether somebody looks
     */
    QueueFeed(QueueReader reader, HourHistory history, Clock clock, BooleanSupplier isWatched, Listener listener) {
        this.reader = reader;
        this.history = history;
        this.clock = clock;
        this.isWatched = isWatched;
        this.listener = listener;
        thread.setDaemon(true);
    }

    /** Starts to read in the background. */
    void start() {
        thread.start();
    }

    /** Has the feed look again whether somebody watches. */
    void wake() {
        wakes.release();
    }

    private void run() {
        try (reader;
                history) {
            loopUntilInterrupted();
        } catch (RuntimeException defect) {
            log.atError().setCause(defect).log("Kafka's clients not closed");
        }
    }

    private void loopUntilInterrupted() {
        try {
            loop();
        } catch (InterruptedException | InterruptException e) {
            boolean unused = Thread.interrupted(); // this thread closes the clients, which would not wait for it
        }
    }

    private void loop() throws InterruptedException {
        while (true) {
            long began = System.nanoTime();
            String before = problem;
            problem = readAgain();
            if (!problem.isEmpty() && !problem.equals(before)) {
                log.atWarn().addKeyValue("reason", problem).log("Queue not read; it is tried again");
            }
            listener.now(QueueEvents.now(clock.instant(), ProgramVersion.current(), last, calls, problem));
            sleep(began);
        }
    }

    /** Returns why the queue could not be read; empty if it could. */
    private String readAgain() throws InterruptedException {
        try {
            take(reader.read());
            return "";
        } catch (CommandException e) {
            return String.valueOf(e.getMessage());
        } catch (InterruptException e) {
            throw e;
        } catch (RuntimeException defect) {
            // The backstop of this thread. The next reading may succeed.
            if (problem.isEmpty()) {
                log.atError().setCause(defect).log("Reading the queue failed");
            }
            return "the console cannot read the queue (" + defect + "); its log says more";
        }
    }

    private void take(QueueReading reading) {
        last = reading;
        Instant now = clock.instant();
        if (reading.pool().isRead()) {
            calls = rates.add(reading.pool().workers(), now);
        }
        long interval = HourHistory.INTERVAL.toMillis();
        if (now.toEpochMilli() >= nextSample || nextSample - now.toEpochMilli() > interval) {
            nextSample = (now.toEpochMilli() / interval + 1) * interval;
            long waiting = reading.status().inputs().stream()
                    .mapToLong(topic -> topic.open())
                    .sum();
            QueueSample sample = new QueueSample(
                    now.toEpochMilli(), calls, waiting, reading.status().dead().open());
            history.add(sample);
            listener.sampled(QueueEvents.sample(sample), QueueEvents.history(history.samples()));
        }
    }

    /** Waits until the next reading is due. */
    private void sleep(long began) throws InterruptedException {
        long left;
        do {
            Duration interval = isWatched.getAsBoolean() ? WATCHED : HourHistory.INTERVAL;
            left = interval.toNanos() - (System.nanoTime() - began);
        } while (left > 0 && wakes.tryAcquire(left, TimeUnit.NANOSECONDS));
    }

    /** Ends the reading, and waits a moment until Kafka's clients are closed. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(CLOSE_TIME.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
