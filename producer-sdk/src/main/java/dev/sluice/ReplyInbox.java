package dev.sluice;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one random partition of the reply topic from its end, without a group, and hands each record to
 * {@link PendingAsks}. The end is fixed before {@link #partition()} completes and so before the first request is sent.
 * No reply can come earlier.
 *
 * <p>One daemon thread makes, uses and closes the consumer. The consumer itself reconnects to an unreachable broker.
 * Any other exception from a poll fails every waiting ask and ends this inbox. The next ask opens a new inbox.
 */
final class ReplyInbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyInbox.class);
    private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final String topic;
    private final Duration maxBlock;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RandomGenerator random;
    private final PendingAsks pending;
    private final CompletableFuture<Integer> partition = new CompletableFuture<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean ended;

    /**
     * Makes an inbox that has not started yet.
     *
     * @param consumers called once, on the inbox's thread
     */
    ReplyInbox(
            QueueSettings settings,
            Supplier<Consumer<byte[], byte[]>> consumers,
            RandomGenerator random,
            PendingAsks pending) {
        this.topic = settings.replies();
        this.maxBlock = settings.maxBlock();
        this.consumers = consumers;
        this.random = random;
        this.pending = pending;
        this.thread = new Thread(this::run, "sluice-replies-" + topic);
        thread.setDaemon(true);
    }

    ReplyInbox start() {
        thread.start();
        return this;
    }

    /**
     * Returns the future of the partition. It completes when the partition is being read and fails if the inbox could
     * not start.
     */
    CompletableFuture<Integer> partition() {
        return partition;
    }

    /** Returns true if the inbox is closed, broken, or could not start. */
    boolean hasEnded() {
        return ended;
    }

    /** Ends the thread and waits for it for a short time. A call from the thread itself does not wait. */
    @Override
    public void close() {
        closing.countDown();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(CLOSE_TIMEOUT.plus(POLL_TIMEOUT).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            Consumer<byte[], byte[]> consumer = consumers.get();
            try {
                partition.complete(assignPartition(consumer));
                while (closing.getCount() > 0) {
                    pollOnce(consumer);
                }
            } finally {
                consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
            }
            ended = true;
        } catch (Throwable t) {
            fail(t);
        }
    }

    private int assignPartition(Consumer<byte[], byte[]> consumer) {
        List<PartitionInfo> partitions = consumer.partitionsFor(topic, maxBlock);
        if (partitions == null || partitions.isEmpty()) {
            throw new ChatQueueException(
                    "reply topic " + topic + " does not exist; run `sluice topics create`, or check replyTopic()");
        }
        int chosen = partitions.get(random.nextInt(partitions.size())).partition();
        TopicPartition assigned = new TopicPartition(topic, chosen);
        consumer.assign(List.of(assigned));
        consumer.seekToEnd(List.of(assigned));
        long end = consumer.position(assigned, maxBlock);
        LOG.atDebug()
                .addKeyValue("partition", assigned)
                .addKeyValue("offset", end)
                .log("Reply inbox opened");
        return chosen;
    }

    private void pollOnce(Consumer<byte[], byte[]> consumer) throws InterruptedException {
        try {
            for (ConsumerRecord<byte[], byte[]> reply : consumer.poll(POLL_TIMEOUT)) {
                pending.deliver(reply);
            }
        } catch (RetriableException e) {
            LOG.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("error", e.toString())
                    .log("Reply poll failed, polling again");
            boolean unused = closing.await(POLL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Handles every exception as the thread's backstop. If the inbox never started, it fails the callers who wait for
     * the partition. Otherwise it fails every waiting ask.
     */
    private void fail(Throwable cause) {
        ended = true;
        ChatQueueException failure = explain(cause);
        if (!partition.completeExceptionally(failure)) {
            LOG.atError()
                    .addKeyValue("topic", topic)
                    .setCause(cause)
                    .log("Reply inbox stopped, every waiting ask fails");
            pending.fail(failure);
        }
    }

    private ChatQueueException explain(Throwable cause) {
        if (cause instanceof ChatQueueException known) {
            return known;
        }
        if (cause instanceof TimeoutException) {
            return notFound(topic, maxBlock, cause);
        }
        String remedy = cause instanceof AuthorizationException
                ? "grant this client's user READ on the topic"
                : "remove this cause";
        return new ChatQueueException(
                "replies on topic " + topic + " can't be read (" + cause.getMessage() + "); " + remedy
                        + " and ask again, the next ask opens a new reader",
                cause);
    }

    /** Makes the exception for a reply topic that Kafka did not describe in time. */
    static ChatQueueException notFound(String topic, Duration maxBlock, Throwable cause) {
        return new ChatQueueException(
                "reply topic " + topic + " was not found within " + maxBlock
                        + " (max.block.ms); check that Kafka can be reached",
                cause);
    }
}
