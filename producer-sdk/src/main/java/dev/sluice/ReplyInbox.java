package dev.sluice;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads one random partition of the reply topic from its end, without a group, and hands each record to
 * {@link PendingAsks}. The end is fixed before {@link #partition()} completes and so before the first request is sent.
 * No reply can come earlier.
 *
 * <p>One daemon thread makes, uses and closes the consumer. Once the inbox is open it loses no place: after a failure
 * it goes on at the same partition and offset, with a new consumer if need be, and asks go on waiting.
 *
 * <p>Waiting asks fail only where a reply can truly have been missed: if Kafka has deleted what was not read yet, and
 * if the partition is broken or gone for {@link ReadFailures#GIVE_UP_AFTER}. In the latter case the inbox ends, and the
 * next ask opens a new one on a partition that is chosen anew. New asks fail at once while Kafka forbids reading.
 */
final class ReplyInbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyInbox.class);
    private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final String topic;
    private final Duration maxBlock;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RandomGenerator random;
    private final LongSupplier nanoTime;
    private final PendingAsks pending;
    private final ReadFailures failures;
    private final CompletableFuture<Integer> partition = new CompletableFuture<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile boolean ended;

    /**
     * Makes an inbox that has not started yet.
     *
     * @param consumers called on the inbox's thread, once and after each failure that a consumer does not get over
     * @param nanoTime the clock for the time since a failure
     */
    ReplyInbox(
            QueueSettings settings,
            Supplier<Consumer<byte[], byte[]>> consumers,
            RandomGenerator random,
            LongSupplier nanoTime,
            PendingAsks pending) {
        this.topic = settings.replies();
        this.maxBlock = settings.maxBlock();
        this.consumers = consumers;
        this.random = random;
        this.nanoTime = nanoTime;
        this.pending = pending;
        this.failures = new ReadFailures(nanoTime);
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

    /** Returns true if the inbox is closed, has given its partition up, or could not start. */
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
        try (PartitionTail tail = new PartitionTail(topic, missing(), consumers, random, nanoTime, maxBlock)) {
            LOG.atDebug()
                    .addKeyValue("partition", tail.partition())
                    .addKeyValue("offset", tail.offset())
                    .log("Reply inbox opened");
            partition.complete(tail.partition().partition());
            while (closing.getCount() > 0) {
                readOnce(tail);
            }
            ended = true;
        } catch (Throwable t) {
            end(t);
        }
    }

    private String missing() {
        return "reply topic " + topic + " does not exist; run `sluice topics create`, or check replyTopic()";
    }

    private void readOnce(PartitionTail tail) throws Throwable {
        try {
            ConsumerRecords<byte[], byte[]> replies = tail.poll(POLL_TIMEOUT);
            for (ConsumerRecord<byte[], byte[]> reply : replies) {
                pending.deliver(reply);
                tail.pass(reply);
            }
            tail.passAll();
            if (failures.mendedBy(!replies.isEmpty())) {
                pending.unblock();
                LOG.atInfo().addKeyValue("partition", tail.partition()).log("Replies can be read again");
            }
        } catch (OffsetOutOfRangeException e) {
            skipDeleted(tail, e);
        } catch (Throwable t) {
            recover(tail, t);
        }
    }

    /**
     * Goes on at the end of a partition that has no record at the present place: retention has deleted what was not
     * read, or the topic was made anew, or Kafka has lost the end of its log. Asks fail after the end is known, so the
     * replies to all later ones lie behind it.
     */
    private void skipDeleted(PartitionTail tail, OffsetOutOfRangeException cause) throws Throwable {
        long deleted = tail.offset();
        try {
            tail.skipToEnd();
        } catch (Throwable t) {
            recover(tail, t);
            return;
        }
        LOG.atError()
                .addKeyValue("partition", tail.partition())
                .addKeyValue("from", deleted)
                .addKeyValue("to", tail.offset())
                .log("Replies were deleted before they were read, every waiting ask fails");
        pending.fail(new ChatQueueException(
                "replies on " + tail.partition() + " were deleted before they could be read, from offset " + deleted
                        + " on; the reply may be one of them. Ask again, and see if the topic's retention is too short"
                        + " or if the topic was deleted",
                cause));
    }

    /** Prepares for the next poll after a failure, or throws it on if there is no hope. */
    private void recover(PartitionTail tail, Throwable failure) throws Throwable {
        ReadFailures.Kind kind = ReadFailures.kind(failure);
        boolean isNew = failures.record(kind);
        LOG.atLevel(isNew ? Level.WARN : Level.DEBUG)
                .addKeyValue("partition", tail.partition())
                .addKeyValue("offset", tail.offset())
                .addKeyValue("error", failure.toString())
                .log("Reply poll failed, polling again");
        switch (kind) {
            case PASSING -> {}
            case DENIED -> pending.block(explain(failure));
            case BROKEN -> {
                if (failures.isHopeless()) {
                    throw failure;
                }
                tail.dropConsumer();
            }
        }
        // A dependent stage of an ask may have set the flag. It must not end the thread that all asks wait for.
        boolean unusedFlag = Thread.interrupted();
        boolean unusedClosing = closing.await(kind.pause().toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Handles every exception as the thread's backstop. If the inbox never started, it fails the callers who wait for
     * the partition. Otherwise it fails every waiting ask.
     */
    private void end(Throwable cause) {
        ended = true;
        ChatQueueException failure = explain(cause);
        if (!partition.completeExceptionally(failure)) {
            LOG.atError()
                    .addKeyValue("topic", topic)
                    .setCause(cause)
                    .log("Reply inbox stopped, every waiting ask fails");
            pending.unblock();
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
        return new ChatQueueException(
                "replies on topic " + topic + " can't be read (" + cause.getMessage() + "); " + remedy(cause)
                        + " and ask again",
                cause);
    }

    private static String remedy(Throwable cause) {
        if (cause instanceof AuthorizationException) {
            return "grant this client's user READ on the topic";
        }
        return cause instanceof AuthenticationException ? "check the sasl.* and ssl.* properties" : "remove this cause";
    }

    /** Makes the exception for a reply topic that Kafka did not describe in time. */
    static ChatQueueException notFound(String topic, Duration maxBlock, Throwable cause) {
        return new ChatQueueException(
                "Kafka has not said within " + maxBlock.toMillis() + " ms (max.block.ms) where reply topic " + topic
                        + " is; check that Kafka can be reached",
                cause);
    }
}
