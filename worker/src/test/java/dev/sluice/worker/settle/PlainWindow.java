package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.settle.AckWindow.Snapshot;
import java.util.BitSet;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A model in bit sets of a partition, its committed offset and a worker that reads it. It drives an {@link AckWindow}
 * and compares itself with it after each step.
 */
final class PlainWindow {
    private final Random random;
    private final int length;
    private final BitSet records = new BitSet();
    private final BitSet ended = new BitSet();

    private Snapshot broker = new Snapshot(0, "");
    private AckWindow window = new AckWindow(0, AckRuns.NONE);
    private BitSet restored = new BitSet();
    private BitSet open = new BitSet();
    private int position;
    private @Nullable Snapshot staged;
    private BitSet closing = new BitSet();
    private long limit;
    private long stagedBound;
    private long brokerBound = AckRuns.encodedSize(0);

    PlainWindow(Random random, int length) {
        this.random = random;
        this.length = length;
        int gapOneIn = random.nextInt(1, 6);
        for (int offset = 0; offset < length; offset++) {
            records.set(offset, random.nextInt(gapOneIn) > 0 || gapOneIn == 1);
        }
    }

    void registerSome(int count) {
        for (int i = 0; i < count && records.nextSetBit(position) >= 0; i++) {
            int offset = records.nextSetBit(position);
            if (offset >= window.registerLimit()) {
                window.reachedPosition(offset);
                position = offset;
                return;
            }
            boolean fresh = window.register(offset);
            assertThat(fresh).as("offset %d", offset).isEqualTo(!ended.get(offset));
            open.set(offset, fresh);
            position = offset + 1;
        }
    }

    /** Moves the position to a random place up to the next record, past some of the markers. */
    void reachSomewhere() {
        int next = records.nextSetBit(position);
        position = random.nextInt(position, (next < 0 ? length : next) + 1);
        window.reachedPosition(position);
    }

    /** Deletes the next records unread, as retention does. */
    void deleteAhead(int count) {
        int to = Math.min(position + count, length);
        records.clear(position, to);
        position = to;
        window.reachedPosition(to);
    }

    void stageSome() {
        if (staged == null) {
            int oneIn = random.nextInt(1, 6);
            stage(open.stream().filter(offset -> random.nextInt(oneIn) == 0).toArray());
        }
    }

    void commit() {
        if (staged != null) {
            window.commit(staged);
            landed(staged);
            staged = null;
        }
    }

    void abort() {
        if (staged != null) {
            window.abort(staged);
            staged = null;
        }
    }

    /**
     * Kills the worker. Its current transaction, if any, has landed or not. The next worker reads on from the committed
     * offset.
     */
    void crash() {
        if (staged != null && random.nextBoolean()) {
            landed(staged);
        }
        staged = null;
        AckRuns runs = ((AckRuns.Runs) AckRuns.decode(broker.metadata(), broker.offset())).runs();
        window = new AckWindow(broker.offset(), runs);
        restored = bits(runs);
        open = new BitSet();
        position = (int) broker.offset();
        limit = 0;
        assertThat(window.encodedSizeBound()).isLessThanOrEqualTo(brokerBound);
    }

    /** Reads and ends all records. Then nothing may be left, not even a lag of markers. */
    void drain() {
        abort();
        while (records.nextSetBit(position) >= 0) {
            registerSome(length);
            stage(open.stream().toArray());
            commit();
        }
        window.reachedPosition(length);
        position = length;
        stage(open.stream().toArray());
        commit();
        check();
        assertThat(broker).isEqualTo(new Snapshot(length, ""));
    }

    boolean everyRecordEnded() {
        BitSet left = (BitSet) records.clone();
        left.andNot(ended);
        return left.isEmpty();
    }

    void check() {
        assertThat(window.needsCommit()).isEqualTo(done(open).nextClearBit(0) != broker.offset());
        assertThat(window.registerLimit()).isGreaterThanOrEqualTo(Math.max(limit, position));
        assertThat(window.encodedSizeBound()).isLessThanOrEqualTo(AckRuns.MAX_ENCODED_SIZE);
        limit = window.registerLimit();
    }

    private void stage(int[] offsets) {
        closing = new BitSet();
        for (int offset : offsets) {
            closing.set(offset);
        }
        long[] batch = closing.stream().asLongStream().toArray();
        shuffle(batch);
        Snapshot snapshot = window.stage(batch);
        staged = snapshot;
        stagedBound = window.encodedSizeBound();
        BitSet remaining = (BitSet) open.clone();
        remaining.andNot(closing);
        BitSet done = done(remaining);
        assertThat(snapshot.offset()).isEqualTo(done.nextClearBit(0));
        done.clear(0, done.nextClearBit(0));
        AckRuns.Decoded decoded = AckRuns.decode(snapshot.metadata(), snapshot.offset());
        assertThat(bits(((AckRuns.Runs) decoded).runs())).isEqualTo(done);
        assertThat((long) snapshot.metadata().length()).isLessThanOrEqualTo(stagedBound);
    }

    private void landed(Snapshot snapshot) {
        assertThat(ended.intersects(closing)).as("ended twice").isFalse();
        ended.or(closing);
        open.andNot(closing);
        broker = snapshot;
        brokerBound = stagedBound;
    }

    /** Returns the done offsets: below the position all that are not open, above it those done before the crash. */
    private BitSet done(BitSet open) {
        BitSet done = (BitSet) restored.clone();
        done.set(0, position);
        done.andNot(open);
        return done;
    }

    private void shuffle(long[] batch) {
        for (int i = batch.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            long swapped = batch[i];
            batch[i] = batch[j];
            batch[j] = swapped;
        }
    }

    private static BitSet bits(AckRuns runs) {
        BitSet bits = new BitSet();
        long[] bounds = runs.bounds();
        for (int i = 0; i < bounds.length; i += 2) {
            bits.set((int) bounds[i], (int) bounds[i + 1]);
        }
        return bits;
    }
}
