package dev.sluice.console;

import dev.sluice.wire.Topics;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.deadletters.ReplayFailure;
import dev.sluice.worker.text.CommandException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one replay at a time. Whoever wants another one is shown the one that runs, instead of stopping it. Thread-safe.
 */
final class ReplayRunner implements AutoCloseable {
    /** The time for the batch under way, which must be committed: left open it would block workers. */
    private static final Duration CLOSE_TIME = Duration.ofSeconds(12);

    private static final Logger log = LoggerFactory.getLogger(ReplayRunner.class);

    private final Admin admin;
    private final Map<String, Object> kafka;
    private final Topics topics;
    private final Clock clock;
    private final Consumer<ReplayState> listener;
    private @Nullable ReplayState state;
    private @Nullable DeadLetterReplay running;
    private @Nullable Thread thread;
    private boolean isStopped;

    /**
     * @param admin stays open until after {@link #close}
     * @param listener takes each state of a replay, on any thread
     */
    ReplayRunner(Admin admin, Map<String, Object> kafka, Topics topics, Clock clock, Consumer<ReplayState> listener) {
        this.admin = admin;
        this.kafka = kafka;
        this.topics = topics;
        this.clock = clock;
        this.listener = listener;
    }

    /**
     * Starts a replay.
     *
     * @param request the letters, whose limit is the number that the person has confirmed
     * @return the replay that runs already, in which case nothing was started
     */
    synchronized Optional<ReplayState> start(LetterRequest request, ConsoleUser user) {
        ReplayState present = state;
        if (present != null && present.isRunning()) {
            return Optional.of(present);
        }
        isStopped = false;
        show(ReplayState.started(user.name(), clock.instant(), request.limit()));
        Thread next = new Thread(() -> run(request, user.name()), "sluice-console-replay");
        next.setDaemon(true);
        thread = next;
        next.start();
        log.atInfo()
                .addKeyValue("user", user.name())
                .addKeyValue("letters", request.limit())
                .log("Replay started");
        return Optional.empty();
    }

    private synchronized void show(ReplayState next) {
        state = next;
        listener.accept(next);
    }

    private synchronized ReplayState present() {
        ReplayState present = state;
        if (present == null) {
            throw new IllegalStateException("no replay was started");
        }
        return present;
    }

    private synchronized void runs(@Nullable DeadLetterReplay replay) {
        running = replay;
        if (replay != null && isStopped) {
            replay.stop();
        }
    }

    private void run(LetterRequest request, String person) {
        try (DeadLetterTopic topic = DeadLetterTopic.open(admin, kafka, topics);
                Producer<byte[], byte[]> producer = DeadLetterReplay.producer(kafka, topics)) {
            DeadLetterReplay replay = new DeadLetterReplay(
                    topic,
                    request.selection(),
                    producer,
                    topics,
                    new DeadLetterReplay.Pacing(request.limit(), Double.POSITIVE_INFINITY),
                    person,
                    sent -> show(present().sent(sent)));
            runs(replay);
            end(replay.run());
        } catch (InterruptedException | InterruptException e) {
            fail("the console was stopped");
        } catch (CommandException | DeadLetterTopic.StalledException e) {
            fail(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            fail("Kafka: " + e.getMessage());
        } catch (Throwable defect) {
            // The backstop of this thread. What was sent is marked, and another replay goes on from there.
            log.atError().setCause(defect).log("Replay failed");
            fail("a defect of the console (" + defect + "); its log says more");
        } finally {
            runs(null);
        }
    }

    private void end(DeadLetterReplay.Result result) {
        String problem = result.failure()
                .map(this::words)
                .orElse(result.stopped() ? "stopped; the same replay again goes on" : "");
        show(present().ended(clock.instant(), result.sent(), result.tooLarge(), problem));
        log.atInfo()
                .addKeyValue("sent", result.sent())
                .addKeyValue("problem", problem)
                .log("Replay ended");
    }

    private String words(ReplayFailure failure) {
        return failure.words(topics) + "; what was under way was sent and marked as a whole or not at all: the same"
                + " replay again goes on";
    }

    private void fail(String problem) {
        show(present().ended(clock.instant(), present().sent(), 0, problem));
        log.atWarn().addKeyValue("problem", problem).log("Replay not ended well");
    }

    /** Lets the replay end after the batch under way, since a person wants it. */
    void stop(ConsoleUser user) {
        log.atInfo().addKeyValue("user", user.name()).log("Replay is to stop");
        stop();
    }

    private synchronized void stop() {
        isStopped = true; // it may be opening the topic yet
        DeadLetterReplay replay = running;
        if (replay != null) {
            replay.stop();
        }
    }

    /** Stops the replay, and waits until its last batch is committed. */
    @Override
    public void close() {
        stop();
        Thread last;
        synchronized (this) {
            last = thread;
        }
        try {
            if (last != null) {
                last.join(CLOSE_TIME.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
