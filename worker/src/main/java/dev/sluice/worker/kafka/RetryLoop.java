package dev.sluice.worker.kafka;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats work with Kafka that nothing else depends on, with a pause after each end, until it is stopped. Any thread
 * may call {@link #stop} and {@link #isStopped}.
 */
public final class RetryLoop {
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(RetryLoop.class);

    private final String work;
    private final Duration pause;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** @param work the name of the work in the log */
    public RetryLoop(String work) {
        this(work, PAUSE);
    }

    /**
     * @param work the name of the work in the log
     * @param pause the time between two attempts
     */
    public RetryLoop(String work, Duration pause) {
        this.work = work;
        this.pause = pause;
    }

    /**
     * Runs on the calling thread until it is stopped or interrupted.
     *
     * @param attempt the work, which returns when it can do no more at present, and soon after {@link #stop}
     * @param onFailure takes what Kafka has thrown
     * @param onPause runs after each end of the work
     */
    public void run(Runnable attempt, Consumer<KafkaException> onFailure, Runnable onPause) {
        try {
            while (!isStopped()) {
                try {
                    attempt.run();
                } catch (InterruptException e) {
                    throw e;
                } catch (KafkaException e) {
                    onFailure.accept(e);
                } catch (RuntimeException defect) {
                    // The backstop of this thread, without whose work everything else goes on.
                    log.atError()
                            .addKeyValue("work", work)
                            .setCause(defect)
                            .log("Work in the background failed; it is tried again");
                }
                onPause.run();
                boolean unused = stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptException | InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends {@link #run} soon. */
    public void stop() {
        stopped.countDown();
    }

    public boolean isStopped() {
        return stopped.getCount() == 0;
    }
}
