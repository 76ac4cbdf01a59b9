package dev.sluice;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands every reply of a reply topic to a {@link ReplyHandler}, for services that {@link ChatQueue#submit} and do not
 * wait. Members of one group share the topic's partitions.
 *
 * <pre>{@code
 * ReplyConsumer replies = ReplyConsumer.builder().group("billing").handler(reply -> book(reply)).start();
 * }</pre>
 *
 * <p><b>Delivery.</b> {@code read_committed}, from the earliest reply on where the group is new, at least once: an offset
 * is committed after its handler returned. After a crash, or a rebalance, what was not committed comes again.
 *
 * <p><b>Order and threads.</b> One thread of its own calls the handler, one reply at a time, in the order of each
 * partition. The replies that one poll brings, at most {@code max.poll.records} (50 here), must be handled within
 * {@code max.poll.interval.ms} (5 minutes), 6 seconds each, or the group takes the partitions away and they come again
 * elsewhere. For more throughput start more consumers, up to the number of partitions. The thread is no daemon: it keeps
 * its process alive until {@link #close()}.
 *
 * <p><b>A handler that throws</b> gets the same reply again after a pause that grows from a quarter of a second to ten;
 * meanwhile its partition stands still and the others go on. After the last try {@link FailurePolicy} decides.
 *
 * <p><b>What ends it.</b> A broker that is away is waited for, however long; partitions that are added are found within
 * {@code metadata.max.age.ms} (5 minutes) and read from their beginning. A reply topic that does not exist when it starts,
 * refused credentials or permissions, and a handler that has thrown for the last time stop it: that is logged, and {@link
 * #stopped()} completes with it. It does not start again by itself; let what watches your service look at {@link
 * #failure()}, which names the right where one is missing.
 *
 * <p>All methods are thread-safe.
 */
public final class ReplyConsumer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyConsumer.class);
    private static final long PAUSE_MILLIS = 100;

    private final ReplyConsumerSettings settings;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final LongSupplier nanoTime;
    private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** @param consumers called once, on the consumer's thread */
    ReplyConsumer(ReplyConsumerSettings settings, Supplier<Consumer<byte[], byte[]>> consumers, LongSupplier nanoTime) {
        this.settings = settings;
        this.consumers = consumers;
        this.nanoTime = nanoTime;
        this.thread = new Thread(this::run, "sluice-reply-consumer-" + settings.group());
    }

    public static ReplyConsumerBuilder builder() {
        return new ReplyConsumerBuilder();
    }

    static ReplyConsumer start(ReplyConsumerSettings settings) {
        Map<String, Object> properties =
                ClientProperties.group(settings.bootstrapServers(), settings.group(), settings.kafka());
        return new ReplyConsumer(
                        settings,
                        () -> new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                        System::nanoTime)
                .start();
    }

    ReplyConsumer start() {
        thread.start();
        return this;
    }

    /** Completes when the consumer has stopped: normally after {@link #close()}, exceptionally with what stopped it. */
    public CompletableFuture<@Nullable Void> stopped() {
        return stopped.copy();
    }

    /** What stopped it; empty while it runs and after an orderly {@link #close()}. */
    public Optional<Throwable> failure() {
        return Optional.ofNullable(stopped.handle((nothing, failure) -> failure).getNow(null));
    }

    /**
     * Lets the handler that runs finish, commits, leaves the group. Waits for that, at most for the close timeout; then
     * the handler's thread is interrupted and its reply comes again. Called by a handler it does not wait. Idempotent;
     * does not throw what stopped it earlier.
     */
    @Override
    public void close() {
        closing.countDown();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(Math.max(1, settings.closeTimeout().toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.atWarn()
                    .addKeyValue("group", settings.group())
                    .log("Interrupting a reply handler that does not finish");
            thread.interrupt();
        }
    }

    /** The thread's backstop: whatever ends the loop is seen in {@link #failure()}. */
    private void run() {
        try {
            ReplyLoop loop = new ReplyLoop(consumers.get(), settings, nanoTime, this::isClosing);
            try (loop) {
                while (!isClosing()) {
                    turn(loop);
                }
            }
            stopped.complete(null);
        } catch (Throwable t) {
            Throwable failure = explained(t);
            LOG.atError()
                    .addKeyValue("group", settings.group())
                    .setCause(failure)
                    .log("Stopped reading replies");
            stopped.completeExceptionally(failure);
        }
    }

    /** Kafka says what it refuses, not which right is missing. */
    private Throwable explained(Throwable failure) {
        String missing;
        if (failure instanceof TopicAuthorizationException) {
            missing = "Read on topic " + settings.topic();
        } else if (failure instanceof GroupAuthorizationException) {
            missing = "Read on consumer group '" + settings.group() + "'";
        } else {
            return failure;
        }
        return new ChatQueueException(
                "replies on topic " + settings.topic() + " can't be read: Kafka does not allow it; give this user "
                        + missing + ", and start again",
                failure);
    }

    private void turn(ReplyLoop loop) throws InterruptedException {
        try {
            loop.turn();
        } catch (RetriableException e) {
            LOG.atWarn().addKeyValue("error", e.toString()).log("Reading replies again");
            boolean unused = closing.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }
}
