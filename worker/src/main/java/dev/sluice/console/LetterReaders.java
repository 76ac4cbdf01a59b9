package dev.sluice.console;

import dev.sluice.wire.Topics;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclErrors;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs questions about dead letters on threads of its own, a few at a time. Each reads the topic anew, so that a long
 * one holds up no other. Thread-safe.
 */
final class LetterReaders implements AutoCloseable {
    /** The most questions at once. Each has a consumer, and reads as fast as it can. */
    private static final int MAX_THREADS = 4;

    private static final Logger log = LoggerFactory.getLogger(LetterReaders.class);

    private final Admin admin;
    private final Map<String, Object> kafka;
    private final Topics topics;
    private final ExecutorService threads = new ThreadPoolExecutor(
            0, MAX_THREADS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), LetterReaders::thread);

    /** @param admin stays open until after {@link #close} */
    LetterReaders(Admin admin, Map<String, Object> kafka, Topics topics) {
        this.admin = admin;
        this.kafka = kafka;
        this.topics = topics;
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "sluice-console-letters");
        thread.setDaemon(true);
        return thread;
    }

    /** Runs a question, and sends what comes of it. */
    void ask(LetterQueries.Query query, JsonLines lines) {
        try {
            threads.execute(() -> answer(query, lines));
        } catch (RejectedExecutionException full) {
            lines.problem("as many searches run as this console allows; try again in a moment");
        }
    }

    private void answer(LetterQueries.Query query, JsonLines lines) {
        try (DeadLetterTopic topic = DeadLetterTopic.open(admin, kafka, topics)) {
            lines.result(query.run(topic, lines));
        } catch (InterruptedException | InterruptException e) {
            lines.problem("the console is being stopped");
        } catch (CommandException | DeadLetterTopic.StalledException | IllegalArgumentException e) {
            lines.problem(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            lines.problem(AclErrors.words(e, AclErrors.Right.READ).orElseGet(() -> "Kafka: " + e.getMessage()));
        } catch (RuntimeException defect) {
            // The backstop of this task. The page must hear of it.
            log.atError().setCause(defect).log("Dead letters not read");
            lines.problem("the console cannot read the dead letters (" + defect + "); its log says more");
        }
    }

    /** Ends what runs. What is about to end by itself may do so. */
    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(2, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
