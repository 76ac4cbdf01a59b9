package dev.sluice.worker.deadletters;

import dev.sluice.wire.Topics;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;

/**
 * Sends letters back in batches, each of which is a transaction. Killed at any moment and run again, it sends every letter
 * once; begun while another one runs, it shuts that one out first and reads its marks then. Not thread-safe, but for
 * {@link #stop}.
 */
public final class DeadLetterReplay {
    /** Most places that are named of letters that stay. */
    public static final int PLACES_NAMED = 10;

    private static final int MOST_LETTERS = 500;
    private static final int MOST_BYTES = 4 << 20;
    private static final double BATCHES_PER_SECOND = 4;

    private final DeadLetterTopic topic;
    private final ReplaySelection selection;
    private final ReplayProducer sender;
    private final Pacing pacing;
    private final LongConsumer progress;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private final List<ReplayProducer.Item> batch = new ArrayList<>();
    private long batchBytes;
    private long accepted;
    private long mayAt = System.nanoTime();

    /**
     * How many and how fast.
     *
     * @param limit most letters
     * @param perSecond letters per second; infinite for as fast as it goes
     */
    public record Pacing(long limit, double perSecond) {
        private int batchSize() {
            return (int) Math.max(1, Math.min(MOST_LETTERS, perSecond / BATCHES_PER_SECOND));
        }

        private long nanos(int letters) {
            return (long) (letters * 1e9 / perSecond);
        }
    }

    /**
     * How it ended.
     *
     * @param sent letters that were sent back and marked
     * @param tooLarge letters that {@code chat.requests} does not take, and where the first of them lie
     * @param obstacle why it could not go on
     * @param stopped whether it was asked to stop
     */
    public record Result(
            long sent, long tooLarge, List<String> tooLargeAt, Optional<ReplayFailure> obstacle, boolean stopped) {}

    /** The id all replays of a queue share, so that only one of them can be at work. */
    public static String transactionalId(Topics topics) {
        return "sluice-dlq-replay:" + topics.base();
    }

    /**
     * A replay of what {@code topic} holds.
     *
     * @param producer with the {@link #transactionalId}; stays the caller's
     * @param progress is told how many letters have been sent
     */
    public DeadLetterReplay(
            DeadLetterTopic topic,
            ReplaySelection selection,
            Producer<byte[], byte[]> producer,
            Topics topics,
            Pacing pacing,
            LongConsumer progress) {
        this.topic = topic;
        this.selection = selection;
        this.sender = new ReplayProducer(producer, new ReplayRecords(topics), Clock.systemUTC());
        this.pacing = pacing;
        this.progress = progress;
    }

    /** Lets it end after the batch under way. */
    public void stop() {
        stopped.countDown();
    }

    public Result run() throws InterruptedException {
        try {
            sender.takeOver();
            ReplayMarks marks = topic.marks(DeadLetterTopic.Watch.NOBODY);
            topic.letters(letter -> offer(letter, marks), DeadLetterTopic.Watch.NOBODY);
            flush();
            return result(Optional.empty());
        } catch (ReplayStoppedException failed) {
            return result(Optional.of(failed.obstacle()));
        } catch (DeadLetterTopic.StalledException failed) {
            return result(Optional.of(new ReplayFailure.Failed(String.valueOf(failed.getMessage()))));
        } catch (AuthorizationException denied) {
            return result(Optional.of(new ReplayFailure.Refused(denied, false)));
        } catch (KafkaException failed) {
            return result(Optional.of(new ReplayFailure.Failed("Kafka: " + failed.getMessage())));
        }
    }

    private Result result(Optional<ReplayFailure> obstacle) {
        return new Result(sender.sent(), sender.tooLarge(), sender.tooLargeAt(), obstacle, stopped.getCount() == 0);
    }

    /** Returns whether more are wanted. */
    private boolean offer(DeadLetter letter, ReplayMarks marks) {
        if (accepted >= pacing.limit() || stopped.getCount() == 0) {
            return false;
        }
        if (selection.of(letter, marks) == ReplayDecision.SENT) {
            selection.body(letter).ifPresent(body -> accept(letter, body));
        }
        return true;
    }

    private void accept(DeadLetter letter, byte[] body) {
        accepted++;
        batch.add(new ReplayProducer.Item(letter, body));
        batchBytes += body.length;
        if (batch.size() >= pacing.batchSize() || batchBytes >= MOST_BYTES) {
            flush();
        }
    }

    private void flush() {
        if (!batch.isEmpty() && mayGo()) {
            mayAt = Math.max(mayAt, System.nanoTime()) + pacing.nanos(batch.size());
            sender.send(batch);
            progress.accept(sender.sent());
        }
        batch.clear();
        batchBytes = 0;
    }

    /** Waits until the rate allows the batch; false where it is to stop. */
    private boolean mayGo() {
        try {
            return !stopped.await(Math.max(0, mayAt - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException inAHurry) {
            Thread.currentThread().interrupt();
            stop();
            return false;
        }
    }
}
