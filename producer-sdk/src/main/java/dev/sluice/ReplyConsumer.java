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
 * Hands every reply of a reply topic to a {@link ReplyHandler}. It serves programs that {@link ChatQueue#submit}
 * requests and do not wait. Members of one group share the topic's partitions.
 *
 * <pre>{@code
 * ReplyConsumer replies = ReplyConsumer.builder().group("billing").handler(reply -> book(reply)).start();
 * }</pre>
 *
 * <p><b>Delivery.</b> Replies are read with {@code read_committed} and delivered at least once. An offset is committed
 * after its handler returned. Uncommitted replies come again after a crash or a rebalance. A new group starts at the
 * earliest reply.
 *
 * <p><b>Order and threads.</b> The consumer's own thread calls the handler for one reply at a time, in the order of
 * each partition. One poll brings at most {@code max.poll.records} (50 here). They must be handled within
 * {@code max.poll.interval.ms} (5 minutes), which is 6 seconds each. Otherwise the group moves the partitions and the
 * replies come again elsewhere. Start more consumers for more throughput, up to the number of partitions. The thread is
 * not a daemon: it keeps its process alive until {@link #close()}.
 *
 * <p><b>A handler that throws</b> gets the same reply again after a pause. The pause grows from a quarter of a second
 * to ten seconds. Meanwhile its partition is paused and the others continue. {@link FailurePolicy} decides after the
 * last try.
 *
 * <p><b>Broker failures.</b> The consumer waits for an unreachable broker without a limit. It finds added partitions
 * within {@code metadata.max.age.ms} (5 minutes) and reads them from their beginning.
 *
 * <p><b>What stops it.</b> The consumer stops if the reply topic does not exist at the start, if Kafka rejects
 * credentials or permissions, or if a handler has failed for the last time. The failure is logged and
 * {@link #stopped()} completes with it. The consumer does not restart itself, so let your health check look at
 * {@link #failure()}. It names the missing right, if one is missing.
 *
 * <p>All methods are thread-safe.
 */
public final class ReplyConsumer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyConsumer.class);
    private static final long RETRY_PAUSE_MILLIS = 100;

    private final ReplyConsumerSettings settings;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final LongSupplier nanoTime;
    private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /**
     * Makes a consumer that has not started yet.
     *
     * @param consumers called once, on the consumer's thread
     */
    ReplyConsumer(ReplyConsumerSettings settings, Supplier<Consumer<byte[], byte[]>> consumers, LongSupplier nanoTime) {
        this.settings = settings;
        this.consumers = consumers;
        this.nanoTime = nanoTime;
        this.thread = new Thread(this::run, "sluice-reply-consumer-" + settings.group());
    }

    /** Returns a builder with defaults for everything but group and handler. */
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

    /**
     * Returns a future that completes when the consumer has stopped. It completes normally after {@link #close()} and
     * otherwise with the exception that stopped the consumer.
     */
    public CompletableFuture<@Nullable Void> stopped() {
        return stopped.copy();
    }

    /**
     * Returns the exception that stopped the consumer. It is empty while the consumer runs and after an orderly
     * {@link #close()}.
     */
    public Optional<Throwable> failure() {
        return Optional.ofNullable(stopped.handle((nothing, failure) -> failure).getNow(null));
    }

    /**
     * Lets the running handler finish, commits, and leaves the group.
     *
     * <p>The method waits at most for the close timeout. After that it interrupts the handler's thread, and the
     * handler's reply comes again. It does not wait if a handler calls it. It is idempotent and does not throw an
     * earlier failure.
     */
    @Override
    public void close() {
        closing.countDown();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            // join(0) would wait forever
            thread.join(Math.max(1, settings.closeTimeout().toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.atWarn()
                    .addKeyValue("group", settings.group())
                    .log("Reply handler interrupted, it did not finish within the close timeout");
            thread.interrupt();
        }
    }

    /** Runs the loop until it ends. As the thread's backstop it reports every exception through {@link #failure()}. */
    private void run() {
        try {
            ReplyLoop loop = new ReplyLoop(consumers.get(), settings, nanoTime, this::isClosing);
            try (loop) {
                while (!isClosing()) {
                    runOnce(loop);
                }
            }
            stopped.complete(null);
        } catch (Throwable t) {
            Throwable failure = withMissingRight(t);
            LOG.atError()
                    .addKeyValue("group", settings.group())
                    .setCause(failure)
                    .log("Reply consumer stopped");
            stopped.completeExceptionally(failure);
        }
    }

    /** Adds the name of the missing right. Kafka's exception names only the resource. */
    private Throwable withMissingRight(Throwable failure) {
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

    private void runOnce(ReplyLoop loop) throws InterruptedException {
        try {
            loop.runOnce();
        } catch (RetriableException e) {
            LOG.atWarn().addKeyValue("error", e.toString()).log("Reply poll failed, polling again");
            boolean unused = closing.await(RETRY_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }
}
