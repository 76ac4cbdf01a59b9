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
 * Reads one partition of the reply topic, chosen at random, from its end on, without a group, and hands each record to
 * {@link PendingAsks}. The end is taken before {@link #partition()} completes and so before the first request is sent: no
 * reply can come before it.
 *
 * <p>One daemon thread owns the consumer, from its making to its end. A broker that is away for a while is the consumer's
 * to find again; what a poll throws beyond that ends every ask that waits, and this inbox: the next ask gets a new one.
 */
final class ReplyInbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyInbox.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration CLOSE = Duration.ofSeconds(2);

    private final String topic;
    private final Duration maxBlock;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RandomGenerator random;
    private final PendingAsks pending;
    private final CompletableFuture<Integer> partition = new CompletableFuture<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean ended;

    /** @param consumers called once, on the inbox's thread */
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

    /** The partition that is read, once it is; fails where the inbox could not start. */
    CompletableFuture<Integer> partition() {
        return partition;
    }

    /** Whether it reads no longer: closed, could not start, or broken. */
    boolean hasEnded() {
        return ended;
    }

    /** Ends the thread and waits for it a little; from the thread itself it only asks for the end. */
    @Override
    public void close() {
        closing.countDown();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(CLOSE.plus(POLL).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            Consumer<byte[], byte[]> consumer = consumers.get();
            try {
                int place = takePlace(consumer);
                partition.complete(place);
                while (closing.getCount() > 0) {
                    turn(consumer);
                }
            } finally {
                consumer.close(CloseOptions.timeout(CLOSE));
            }
            ended = true;
        } catch (Throwable t) {
            fail(t);
        }
    }

    private int takePlace(Consumer<byte[], byte[]> consumer) {
        List<PartitionInfo> partitions = consumer.partitionsFor(topic, maxBlock);
        if (partitions == null || partitions.isEmpty()) {
            throw new ChatQueueException(
                    "reply topic " + topic + " does not exist; run `sluice topics create`, or check replyTopic()");
        }
        int chosen = partitions.get(random.nextInt(partitions.size())).partition();
        TopicPartition place = new TopicPartition(topic, chosen);
        consumer.assign(List.of(place));
        consumer.seekToEnd(List.of(place));
        long end = consumer.position(place, maxBlock);
        LOG.atDebug().addKeyValue("partition", place).addKeyValue("offset", end).log("Waiting for replies");
        return chosen;
    }

    private void turn(Consumer<byte[], byte[]> consumer) throws InterruptedException {
        try {
            for (ConsumerRecord<byte[], byte[]> reply : consumer.poll(POLL)) {
                pending.deliver(reply);
            }
        } catch (RetriableException e) {
            LOG.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("error", e.toString())
                    .log("Reading replies again");
            boolean unused = closing.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** The thread's backstop. An inbox that never started fails those who wait for it, another one every open ask. */
    private void fail(Throwable cause) {
        ended = true;
        ChatQueueException failure = explain(cause);
        if (!partition.completeExceptionally(failure)) {
            LOG.atError()
                    .addKeyValue("topic", topic)
                    .setCause(cause)
                    .log("Stopped reading replies, every ask that waits fails");
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
                ? "grant this client's user READ on the topic, and"
                : "once that is mended,";
        return new ChatQueueException(
                "replies on topic " + topic + " can't be read (" + cause.getMessage() + "); " + remedy
                        + " ask again: the next ask starts afresh",
                cause);
    }

    /** That Kafka did not say in time where replies are to be read. */
    static ChatQueueException notFound(String topic, Duration maxBlock, Throwable cause) {
        return new ChatQueueException(
                "reply topic " + topic + " was not found within " + maxBlock
                        + " (max.block.ms); check that Kafka can be reached",
                cause);
    }
}
