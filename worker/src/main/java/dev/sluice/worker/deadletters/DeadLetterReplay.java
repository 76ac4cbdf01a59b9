package dev.sluice.worker.deadletters;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.KafkaClients;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;

/**
 * Sends dead letters back to the queue in batches, each in one transaction. A replay that was killed and is run again
 * sends every letter once. A replay that starts while another one runs first fences that one and then reads its marks.
 * Not thread-safe, except for {@link #stop}.
 */
public final class DeadLetterReplay {
    /** The number of positions that are listed of letters that cannot be sent. */
    public static final int MAX_POSITIONS = 10;

    private static final int MAX_RECORD_BYTES = 16 << 20;
    private static final int MAX_BLOCK_MILLIS = 30_000;
    private static final int MAX_BATCH_LETTERS = 500;
    private static final int MAX_BATCH_BYTES = 4 << 20;
    private static final double BATCHES_PER_SECOND = 4;

    private final DeadLetterTopic topic;
    private final ReplaySelection selection;
    private final ReplayProducer producer;
    private final Pacing pacing;
    private final LongConsumer progress;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private final List<ReplayProducer.Item> batch = new ArrayList<>();
    private long batchBytes;
    private long accepted;
    private long nextBatchNanos = System.nanoTime();

    /**
     * The number and the rate of the letters to send.
     *
     * @param limit the most letters
     * @param perSecond the letters per second, or infinity for no limit
     */
    public record Pacing(long limit, double perSecond) {
        private int batchSize() {
            return (int) Math.max(1, Math.min(MAX_BATCH_LETTERS, perSecond / BATCHES_PER_SECOND));
        }

        private long nanos(int letters) {
            return (long) (letters * 1e9 / perSecond);
        }
    }

    /**
     * The result of a replay.
     *
     * @param sent the number of letters that were sent back and marked
     * @param tooLarge the number of letters that are too large for {@code chat.requests}
     * @param tooLargeAt the positions of the first letters that are too large
     * @param failure the reason why the replay could not go on
     * @param stopped whether the replay was asked to stop
     */
    public record Result(
            long sent, long tooLarge, List<String> tooLargeAt, Optional<ReplayFailure> failure, boolean stopped) {}

    /** Returns the transactional id that all replays of a queue share, so that only one of them can send. */
    public static String transactionalId(Topics topics) {
        return "sluice-dlq-replay:" + topics.base();
    }

    /**
     * Makes the producer of a replay, which fences that of a replay that still runs.
     *
     * @param kafka the user's properties
     */
    public static Producer<byte[], byte[]> producer(Map<String, Object> kafka, Topics topics) {
        Map<String, Object> properties = new HashMap<>(kafka);
        properties.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
        return KafkaClients.transactionalProducer(properties, transactionalId(topics), MAX_RECORD_BYTES);
    }

    /**
     * Prepares a replay of the letters of {@code topic}.
     *
     * @param producer a producer with the {@link #transactionalId}, which the caller closes
     * @param person the name of whoever replays, which each mark has
     * @param progress receives the number of letters sent so far
     */
    public DeadLetterReplay(
            DeadLetterTopic topic,
            ReplaySelection selection,
            Producer<byte[], byte[]> producer,
            Topics topics,
            Pacing pacing,
            String person,
            LongConsumer progress) {
        this.topic = topic;
        this.selection = selection;
        this.producer = new ReplayProducer(producer, new ReplayRecords(topics, person), Clock.systemUTC());
        this.pacing = pacing;
        this.progress = progress;
    }

    /** Lets the replay end after the current batch. This method may be called by any thread. */
    public void stop() {
        stopped.countDown();
    }

    public Result run() throws InterruptedException {
        try {
            producer.takeOver();
            // after the fence, so that no other replay adds marks any more
            ReplayMarks marks = topic.readMarks(DeadLetterTopic.ProgressListener.NONE);
            topic.readLetters(letter -> offer(letter, marks), DeadLetterTopic.ProgressListener.NONE);
            flush();
            return result(Optional.empty());
        } catch (ReplayStoppedException e) {
            return result(Optional.of(e.failure()));
        } catch (DeadLetterTopic.StalledException e) {
            return result(Optional.of(new ReplayFailure.Failed(String.valueOf(e.getMessage()))));
        } catch (AuthorizationException e) {
            return result(Optional.of(new ReplayFailure.Denied(e, false)));
        } catch (KafkaException e) {
            return result(Optional.of(new ReplayFailure.Failed("Kafka: " + e.getMessage())));
        }
    }

    private Result result(Optional<ReplayFailure> failure) {
        return new Result(
                producer.sent(), producer.tooLarge(), producer.tooLargeAt(), failure, stopped.getCount() == 0);
    }

    /** Sends the letter if the selection takes it, and returns whether more letters are wanted. */
    private boolean offer(DeadLetter letter, ReplayMarks marks) {
        if (accepted >= pacing.limit() || stopped.getCount() == 0) {
            return false;
        }
        if (selection.decide(letter, marks) == ReplayDecision.SEND) {
            selection.body(letter).ifPresent(body -> accept(letter, body));
        }
        return true;
    }

    private void accept(DeadLetter letter, byte[] body) {
        accepted++;
        batch.add(new ReplayProducer.Item(letter, body));
        batchBytes += body.length;
        if (batch.size() >= pacing.batchSize() || batchBytes >= MAX_BATCH_BYTES) {
            flush();
        }
    }

    private void flush() {
        if (!batch.isEmpty() && awaitRate()) {
            nextBatchNanos = Math.max(nextBatchNanos, System.nanoTime()) + pacing.nanos(batch.size());
            producer.send(batch);
            progress.accept(producer.sent());
        }
        batch.clear();
        batchBytes = 0;
    }

    /** Waits until the rate allows the next batch, and returns false if the replay has been stopped. */
    private boolean awaitRate() {
        try {
            return !stopped.await(Math.max(0, nextBatchNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stop();
            return false;
        }
    }
}
