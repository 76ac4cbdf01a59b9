package dev.sluice.console;

import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.status.BacklogSurvey;
import dev.sluice.worker.status.BacklogSurveyJson;
import dev.sluice.worker.status.RequestSearch;
import dev.sluice.worker.status.RequestTrace;
import dev.sluice.worker.status.RequestTraceJson;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclErrors;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Runs questions that read whole topics on threads of its own, a few at a time. Each reads anew, so that a long one
 * holds up no other. Thread-safe.
 */
final class TopicReaders implements AutoCloseable {
    /** The most questions at once. Each has a consumer, and reads as fast as it can. */
    private static final int MAX_THREADS = 4;

    private static final Logger log = LoggerFactory.getLogger(TopicReaders.class);

    private final QueueAccess access;
    private final ExecutorService threads = new ThreadPoolExecutor(
            0, MAX_THREADS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), TopicReaders::thread);

    TopicReaders(QueueAccess access) {
        this.access = access;
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "sluice-console-topics");
        thread.setDaemon(true);
        return thread;
    }

    /** Reads until an answer is known. */
    @FunctionalInterface
    private interface Reading {
        JsonNode run() throws InterruptedException;
    }

    /** Runs a question about dead letters, and sends what comes of it. */
    void ask(LetterQueries.Query query, JsonLines lines) {
        run(
                () -> {
                    try (DeadLetterTopic topic =
                            DeadLetterTopic.open(access.admin(), access.kafka(), access.topics())) {
                        return query.run(topic, lines);
                    }
                },
                lines);
    }

    /** Looks for one request, and sends what is found as it is found. */
    void find(String id, JsonLines lines) {
        run(
                () -> {
                    try (RequestSearch search =
                            new RequestSearch(access.admin(), access.kafka(), access.topics(), access.group())) {
                        RequestTrace trace = search.find(id, (found, done, all) -> {
                            lines.part(RequestTraceJson.tree(found, Instant.now()), done, all);
                            return !lines.isGone();
                        });
                        return RequestTraceJson.tree(trace, Instant.now());
                    }
                },
                lines);
    }

    /** Counts by tenant what waits, and sends the counts on the way. */
    void countTenants(JsonLines lines) {
        run(
                () -> {
                    try (BacklogSurvey survey =
                            new BacklogSurvey(access.admin(), access.kafka(), access.topics(), access.group())) {
                        return BacklogSurveyJson.tree(survey.read((counted, done, all) -> {
                            lines.part(BacklogSurveyJson.tree(counted), done, all);
                            return !lines.isGone();
                        }));
                    }
                },
                lines);
    }

    private void run(Reading reading, JsonLines lines) {
        try {
            threads.execute(() -> answer(reading, lines));
        } catch (RejectedExecutionException full) {
            lines.problem("as many searches run as this console allows; try again in a moment");
        }
    }

    private void answer(Reading reading, JsonLines lines) {
        try {
            lines.result(reading.run());
        } catch (InterruptedException | InterruptException e) {
            lines.problem("the console is being stopped");
        } catch (CommandException | DeadLetterTopic.StalledException | IllegalArgumentException e) {
            lines.problem(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            lines.problem(AclErrors.words(e, AclErrors.Right.READ).orElseGet(() -> "Kafka: " + e.getMessage()));
        } catch (RuntimeException defect) {
            // The backstop of this task. The page must hear of it.
            log.atError().setCause(defect).log("Topics not read");
            lines.problem("the console cannot read the topics (" + defect + "); its log says more");
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
