package dev.sluice.worker.pieces;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The chunks that wait to be written, bounded in number and bytes. Thread-safe. */
final class ChunkQueue {
    private final BlockingQueue<Chunk> waiting;
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();

    /** A chunk of the answer to one HTTP call. */
    record Chunk(OpenStream stream, String call, long number, byte[] json) {}

    ChunkQueue(int maxChunks, long maxBytes) {
        this.waiting = new LinkedBlockingQueue<>(maxChunks);
        this.maxBytes = maxBytes;
    }

    /** Adds a chunk. Returns false if the queue is full. */
    boolean offer(Chunk chunk) {
        int length = chunk.json().length;
        if (bytes.addAndGet(length) <= maxBytes && waiting.offer(chunk)) {
            return true;
        }
        bytes.addAndGet(-length);
        return false;
    }

    /** Takes all chunks, in their order. Where there are none it waits for the first one for a time. */
    List<Chunk> take(long waitMillis) throws InterruptedException {
        List<Chunk> taken = new ArrayList<>();
        Chunk first = waiting.poll(waitMillis, TimeUnit.MILLISECONDS);
        if (first != null) {
            taken.add(first);
            waiting.drainTo(taken);
        }
        taken.forEach(chunk -> bytes.addAndGet(-chunk.json().length));
        return taken;
    }
}
