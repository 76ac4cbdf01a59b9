package dev.sluice.worker.pieces;

import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.RetryLoop;
import dev.sluice.worker.pieces.ChunkQueue.Chunk;
import dev.sluice.worker.text.OccasionalWarning;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the chunks of streamed answers to {@link Topics#streams()}, outside of transactions and on a thread of its
 * own.
 *
 * <p>Nobody waits for it. What does not fit into its queue, or what Kafka does not take, is dropped, and so is the rest
 * of that stream, since a reader stops at the first gap. The producer is made once the first stream is opened, while
 * its call is under way. While the topic cannot be written to, everything is dropped, and tried again some seconds
 * later. Thread-safe.
 */
public final class PieceWriter implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(PieceWriter.class);

    private static final int MAX_CHUNKS = 10_000;
    private static final long MAX_BYTES = 16 << 20;
    /** The most bytes of one record, unless a single chunk is larger. */
    private static final int RECORD_BYTES = 256 << 10;
    /** The chunks of this time go into one record. The first one after a pause goes at once. */
    private static final Duration GATHERING = Duration.ofMillis(5);

    private static final long IDLE_MILLIS = 500;
    private static final Duration CLOSE_TIME = Duration.ofSeconds(1);

    private final Topics topics;
    private final Supplier<Producer<byte[], byte[]>> producers;
    private final RetryLoop retries;
    private final Duration gathering;
    private final ChunkQueue queue;
    /** Has a permit once there may be something to write. */
    private final Semaphore demand = new Semaphore(0);

    private final LongAdder published = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final OccasionalWarning unwritable;
    private final OccasionalWarning wrongPartition;

    /** True while it is known that Kafka takes nothing. */
    private volatile boolean isAway;
    /** The failure that Kafka's threads have reported; null if there was none since the last attempt. */
    private volatile @Nullable Exception rejected;

    /** @param producers makes a producer without transactions, whose sends end soon */
    public PieceWriter(Topics topics, Supplier<Producer<byte[], byte[]>> producers, LongSupplier nanoTime) {
        this(
                topics,
                producers,
                nanoTime,
                new RetryLoop("publishing of streamed answers"),
                new ChunkQueue(MAX_CHUNKS, MAX_BYTES),
                GATHERING);
    }

    PieceWriter(
            Topics topics,
            Supplier<Producer<byte[], byte[]>> producers,
            LongSupplier nanoTime,
            RetryLoop retries,
            ChunkQueue queue,
            Duration gathering) {
        this.topics = topics;
        this.producers = producers;
        this.retries = retries;
        this.queue = queue;
        this.gathering = gathering;
        this.unwritable = new OccasionalWarning(log, nanoTime);
        this.wrongPartition = new OccasionalWarning(log, nanoTime);
    }

    /**
     * Returns the stream of a request's answer.
     *
     * @param isOwned false once the request belongs to another worker, which ends the stream
     */
    public PieceStream open(StreamTarget target, BooleanSupplier isOwned) {
        OptionalInt partition = number(target.partition());
        if (partition.isEmpty()) {
            sayWrong(target.partition(), "must be a decimal number");
            return PieceStream.NONE;
        }
        demand();
        return new OpenStream(target.correlationId(), partition.getAsInt(), isOwned, this::offer);
    }

    private static OptionalInt number(String text) {
        // nine digits always fit into an int
        boolean isNumber = !text.isEmpty() && text.length() <= 9 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return isNumber ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
    }

    private void sayWrong(String partition, String remedy) {
        String value = "'" + WireHeaders.abbreviated(partition) + "'";
        wrongPartition
                .event()
                .addKeyValue("topic", topics.streams())
                .addKeyValue("reason", WireHeaders.STREAM_TO + " is " + value + "; it " + remedy)
                .log("Request names no partition for the pieces of its answer");
    }

    private boolean offer(Chunk chunk) {
        if (!isAway && !chunk.stream().hasGap() && queue.offer(chunk)) {
            demand();
            return true;
        }
        dropped.increment();
        return false;
    }

    private void demand() {
        // One permit says it all, and their number is bounded.
        if (demand.availablePermits() == 0) {
            demand.release();
        }
    }

    /** Returns the number of chunks that Kafka has taken. */
    public long published() {
        return published.sum();
    }

    /** Returns the number of chunks that were to be published and were not. */
    public long dropped() {
        return dropped.sum();
    }

    /** Ends {@link #run} soon. */
    public void stop() {
        retries.stop();
    }

    /** Runs until {@link #stop}. What Kafka throws is logged, and after a pause it is tried again. */
    @Override
    public void run() {
        retries.run(this::publish, this::sayUnwritable, this::dropAll);
    }

    private void publish() {
        isAway = false;
        rejected = null;
        if (!awaitDemand()) {
            return;
        }
        Producer<byte[], byte[]> writer = producers.get();
        try {
            // looks the topic up before a chunk has to wait for that
            List<PartitionInfo> unused = writer.partitionsFor(topics.streams());
            List<Chunk> batch = next();
            while (!retries.isStopped()) {
                write(writer, batch);
                gather();
                batch = next();
                throwIfRejected(batch);
            }
            write(writer, batch);
        } finally {
            writer.close(CLOSE_TIME);
        }
    }

    /** Waits until a stream is open. Returns false if the writer is stopped before. */
    private boolean awaitDemand() {
        try {
            boolean isWanted = false;
            while (!isWanted && !retries.isStopped()) {
                isWanted = demand.tryAcquire(IDLE_MILLIS, TimeUnit.MILLISECONDS);
            }
            demand.drainPermits();
            return !retries.isStopped();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** Returns the chunks to write next, as soon as there are some. It waits no more once there is something to do. */
    private List<Chunk> next() {
        try {
            List<Chunk> batch = queue.take(0);
            while (batch.isEmpty() && !retries.isStopped() && rejected == null) {
                batch = queue.take(IDLE_MILLIS);
            }
            return batch;
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private void gather() {
        try {
            TimeUnit.NANOSECONDS.sleep(gathering.toNanos());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private void throwIfRejected(List<Chunk> waiting) {
        Exception failure = rejected;
        if (failure != null) {
            drop(waiting);
            throw new KafkaException(failure.getMessage(), failure);
        }
    }

    private void write(Producer<byte[], byte[]> writer, List<Chunk> batch) {
        if (batch.isEmpty()) {
            return;
        }
        Map<String, List<Chunk>> byCall = new LinkedHashMap<>();
        batch.forEach(chunk -> byCall.computeIfAbsent(chunk.call(), unused -> new ArrayList<>())
                .add(chunk));
        List<List<Chunk>> unwritten = new ArrayList<>(byCall.values());
        try {
            // The metadata is at hand, once the topic was seen. A send to a partition that does not exist would block.
            int partitions = writer.partitionsFor(topics.streams()).size();
            while (!unwritten.isEmpty()) {
                write(writer, unwritten.get(0), partitions);
                unwritten.remove(0);
            }
        } finally {
            unwritten.forEach(this::drop);
        }
    }

    private void write(Producer<byte[], byte[]> writer, List<Chunk> ofCall, int partitions) {
        OpenStream stream = ofCall.get(0).stream();
        if (stream.hasGap()) {
            drop(ofCall);
        } else if (stream.partition() >= partitions) {
            sayWrong(Integer.toString(stream.partition()), "must be less than " + partitions);
            drop(ofCall);
        } else {
            records(ofCall).forEach(record -> send(writer, record));
        }
    }

    /** Divides chunks of one call into records. Where chunks are missing between them, so does their number. */
    private static List<List<Chunk>> records(List<Chunk> ofCall) {
        List<List<Chunk>> records = new ArrayList<>();
        List<Chunk> record = new ArrayList<>();
        int bytes = 0;
        for (Chunk chunk : ofCall) {
            bytes += chunk.json().length;
            boolean isNext = record.isEmpty() || record.get(record.size() - 1).number() + 1 == chunk.number();
            if (!record.isEmpty() && (bytes > RECORD_BYTES || !isNext)) {
                records.add(record);
                record = new ArrayList<>();
                bytes = chunk.json().length;
            }
            record.add(chunk);
        }
        records.add(record);
        return records;
    }

    private void send(Producer<byte[], byte[]> writer, List<Chunk> chunks) {
        Chunk first = chunks.get(0);
        OpenStream stream = first.stream();
        List<byte[]> lines = chunks.stream().map(chunk -> oneLine(chunk.json())).toList();
        StreamPiece piece = StreamPiece.of(stream.correlationId(), first.call(), first.number(), lines);
        var unused = writer.send(piece.record(topics, stream.partition()), (written, failure) -> {
            if (failure == null) {
                published.add(chunks.size());
                return;
            }
            drop(chunks);
            // A record that is too large says nothing about the others.
            if (!(failure instanceof RecordTooLargeException)) {
                rejected = failure;
            }
        });
    }

    /** Returns JSON on one line. A line feed stands between its tokens, since none can stand in a text. */
    private static byte[] oneLine(byte[] json) {
        for (int i = 0; i < json.length; i++) {
            if (json[i] == '\n' || json[i] == '\r') {
                byte[] line = json.clone();
                for (int j = i; j < line.length; j++) {
                    line[j] = line[j] == '\n' || line[j] == '\r' ? (byte) ' ' : line[j];
                }
                return line;
            }
        }
        return json;
    }

    private void dropAll() {
        isAway = true;
        try {
            drop(queue.take(0));
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private void drop(List<Chunk> chunks) {
        chunks.forEach(chunk -> chunk.stream().lost(1));
        dropped.add(chunks.size());
    }

    private void sayUnwritable(KafkaException failure) {
        unwritable
                .event()
                .addKeyValue("topic", topics.streams())
                .addKeyValue(
                        "reason",
                        AclErrors.words(failure, AclErrors.Right.WRITE)
                                .orElseGet(() -> String.valueOf(failure.getMessage())))
                .log("Pieces of streamed answers are not published");
    }
}
