package dev.sluice;

import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.WireHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads one random partition of the topic of pieces from its end, without a group, and hands each piece to the stream
 * that it belongs to. One daemon thread makes, uses and closes the consumer. It starts with the first stream.
 *
 * <p>Pieces are advice. So after any failure it begins anew, at the end of a partition that is chosen anew, and what
 * came meanwhile is lost. While it has no partition, streams go without pieces and are made from their replies.
 * Thread-safe.
 */
final class PieceInbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PieceInbox.class);
    private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    /** The time that the first streams wait for the partition. */
    private static final Duration OPENING = Duration.ofSeconds(1);

    private final String topic;
    private final Duration maxBlock;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RandomGenerator random;
    private final LongSupplier nanoTime;
    private final Map<ByteBuffer, java.util.function.Consumer<StreamPiece>> streams = new ConcurrentHashMap<>();
    private final CountDownLatch opened = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile int partition = -1;
    private boolean isStarted;

    // These belong to the thread.
    private Duration pause = FIRST_PAUSE;
    private String lastFailure = "";

    /** @param consumers called on the inbox's thread, once and after each failure */
    PieceInbox(
            QueueSettings settings,
            Supplier<Consumer<byte[], byte[]>> consumers,
            RandomGenerator random,
            LongSupplier nanoTime) {
        this.topic = settings.topics().streams();
        this.maxBlock = settings.maxBlock();
        this.consumers = consumers;
        this.random = random;
        this.nanoTime = nanoTime;
        this.thread = new Thread(this::run, "sluice-pieces-" + topic);
        thread.setDaemon(true);
    }

    /** Begins to read, unless it has begun already. It does not wait. */
    synchronized void open() {
        if (!isStarted && closing.getCount() > 0) {
            isStarted = true;
            thread.start();
        }
    }

    /**
     * Hands the pieces of a request to this stream until {@link #remove}.
     *
     * @return the partition that pieces are read from; empty if none can be read at present
     */
    OptionalInt add(byte[] correlation, java.util.function.Consumer<StreamPiece> stream) {
        open();
        try {
            // Once only, and while the inbox of replies opens as well: later streams find it open or do without.
            boolean unused = opened.await(Math.min(OPENING.toMillis(), maxBlock.toMillis()), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        int known = partition;
        if (known < 0) {
            return OptionalInt.empty();
        }
        streams.put(ByteBuffer.wrap(correlation), stream);
        return OptionalInt.of(known);
    }

    void remove(byte[] correlation) {
        streams.remove(ByteBuffer.wrap(correlation));
    }

    /** Returns the number of streams that take pieces. */
    int size() {
        return streams.size();
    }

    private void run() {
        while (closing.getCount() > 0) {
            try {
                read();
            } catch (Throwable t) { // the thread's backstop
                partition = -1;
                opened.countDown();
                rest(t);
            }
        }
    }

    private void read() {
        String missing = "topic " + topic + " does not exist; run `sluice topics create`";
        try (PartitionTail tail = new PartitionTail(topic, missing, consumers, random, nanoTime, maxBlock)) {
            partition = tail.partition().partition();
            opened.countDown();
            LOG.atDebug().addKeyValue("partition", tail.partition()).log("Piece inbox opened");
            while (closing.getCount() > 0) {
                ConsumerRecords<byte[], byte[]> pieces = tail.poll(POLL_TIMEOUT);
                for (ConsumerRecord<byte[], byte[]> piece : pieces) {
                    deliver(piece);
                }
                if (!pieces.isEmpty()) {
                    pause = FIRST_PAUSE;
                    lastFailure = "";
                }
            }
        }
    }

    private void deliver(ConsumerRecord<byte[], byte[]> record) {
        WireHeaders.bytes(record.headers(), WireHeaders.CORRELATION_ID)
                .map(correlation -> streams.get(ByteBuffer.wrap(correlation)))
                .ifPresent(stream ->
                        StreamPiece.of(record.headers(), record.value()).ifPresent(stream));
    }

    private void rest(Throwable failure) {
        boolean isNew = !failure.toString().equals(lastFailure);
        lastFailure = failure.toString();
        LOG.atLevel(isNew ? Level.WARN : Level.DEBUG)
                .addKeyValue("topic", topic)
                .addKeyValue("error", lastFailure)
                .log("Pieces of streams can't be read, streams come from their replies meanwhile");
        // A subscriber may have set the flag. It must not end the thread of all streams.
        boolean unusedFlag = Thread.interrupted();
        try {
            boolean unused = closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            LOG.debug("Interrupted between two looks for pieces", e);
        }
        pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
    }

    /** Ends the thread and waits for it for a short time. A call from the thread itself does not wait. */
    @Override
    public void close() {
        closing.countDown();
        opened.countDown();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(CLOSE_TIMEOUT.plus(POLL_TIMEOUT).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
