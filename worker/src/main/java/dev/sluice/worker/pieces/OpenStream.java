package dev.sluice.worker.pieces;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The stream of one request's answer. It ends with the first chunk that is lost, since a reader stops there. One thread
 * adds chunks; others tell what became of them.
 */
final class OpenStream implements PieceStream {
    private final byte[] correlationId;
    private final int partition;
    private final BooleanSupplier isOwned;
    private final Predicate<ChunkQueue.Chunk> queue;
    /** The number of chunks that are written or may be. */
    private final AtomicInteger maybeSeen = new AtomicInteger();

    private volatile boolean hasGap;

    /**
     * @param isOwned false once the request belongs to another worker
     * @param queue takes a chunk, or returns false if it is to be dropped
     */
    OpenStream(byte[] correlationId, int partition, BooleanSupplier isOwned, Predicate<ChunkQueue.Chunk> queue) {
        this.correlationId = correlationId;
        this.partition = partition;
        this.isOwned = isOwned;
        this.queue = queue;
    }

    @Override
    public void add(String call, long number, byte[] chunk) {
        if (!isOwned.getAsBoolean()) {
            return;
        }
        maybeSeen.incrementAndGet();
        if (!queue.test(new ChunkQueue.Chunk(this, call, number, chunk))) {
            lost(1);
        }
    }

    @Override
    public boolean isPublished() {
        return maybeSeen.get() > 0;
    }

    /** Takes note that so many chunks will not be seen. */
    void lost(int chunks) {
        hasGap = true;
        maybeSeen.addAndGet(-chunks);
    }

    boolean hasGap() {
        return hasGap;
    }

    byte[] correlationId() {
        return correlationId;
    }

    int partition() {
        return partition;
    }
}
