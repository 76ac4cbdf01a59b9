package dev.sluice.worker.settle;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tracks which offsets of one assigned partition are done while they complete in any order. An offset is registered,
 * then in a transaction, then committed. The broker has the lowest open offset and, as its metadata, the
 * {@link AckRuns} above it.
 *
 * <p>Offsets are not contiguous. Transaction markers, deleted records and compacted records leave gaps, and retention
 * makes the position jump. So nothing is counted. A gap is done as soon as something beyond it was seen.
 *
 * <p><b>How far ahead a caller may register.</b> Metadata over the broker's limit inside a transaction ruins the
 * producer. Therefore only offsets below {@link #registerLimit} may be registered. The limit is set so that the
 * metadata fits, <em>whichever</em> of the registered offsets complete first. The proof is at {@link OpenOffsets}.
 * Some 11,800 neighbouring offsets can be open at a time, or half as many with a marker behind each. It does not
 * matter how far the done offsets above a slow one reach. The caller keeps back a record at or above the limit and
 * pauses its partition. The limit never falls. So a stale reading is safe, and records on their way here need not be
 * counted.
 *
 * <p>Owned by the settle thread. Any thread may call {@link #registerLimit}. An {@link IllegalStateException} means a
 * defect in the caller. Going on would lose or repeat a request.
 */
public final class AckWindow {
    /**
     * The bits that registered offsets may cost. One longest length is left over, since a jump of the position cannot
     * be refused.
     */
    private static final long REGISTERED_BITS = AckRuns.MAX_LENGTH_BITS - (long) AckRuns.lengthBits(0, Long.MAX_VALUE);

    private static final long[] NOTHING = {};

    private final OpenOffsets open;
    private long position;
    private long committed;
    private @Nullable Snapshot staged;
    private long[] stagedOffsets = NOTHING;
    private volatile long registerLimit;

    /** The offset and metadata that a transaction commits for this partition. */
    public record Snapshot(long offset, String metadata) {}

    /**
     * @param position the committed offset, or where the consumer starts if there is none. If retention makes the
     *     consumer start elsewhere, call {@link #reachedPosition} next
     * @param restored the runs in that offset's metadata. The offsets between them were registered before the crash.
     *     They count as open from the start, so that reading them again never needs room
     */
    public AckWindow(long position, AckRuns restored) {
        this.position = position;
        this.committed = position;
        this.open = new OpenOffsets(position);
        long[] bounds = restored.bounds();
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i] <= open.end()) {
                throw new IllegalArgumentException("position " + position + " is not below " + restored);
            }
            open.open(bounds[i] - open.end());
            open.advanceTo(bounds[i + 1]);
        }
        publishLimit();
    }

    /**
     * Registers the offset of a record that was read. Offsets ascend, and offsets left out are gaps.
     *
     * @return false if the offset was done before a crash. Its record must be skipped, not called again
     * @throws IllegalStateException if the offset is below the position or not below {@link #registerLimit}
     */
    public boolean register(long offset) {
        reachedPosition(offset);
        if (offset >= registerLimit) {
            throw new IllegalStateException("offset " + offset + " is not below the limit " + registerLimit);
        }
        if (offset == open.end()) {
            open.open(1);
        }
        position = offset + 1;
        publishLimit();
        return open.contains(offset);
    }

    /**
     * Learns the position of the consumer. Nothing below it will be registered any more, so every offset there that is
     * not open is done. Reporting the same position twice is harmless. A consumer that seeks back to a record that it
     * has not registered must not report the position it had reached before.
     *
     * <p>This needs no room, so it is also the way past a limit that lies in a gap. Report the offset of a record that
     * was kept back, and the limit moves as soon as that alone makes room.
     *
     * @throws IllegalStateException if the position is below one reported or registered before
     */
    public void reachedPosition(long reached) {
        if (reached < position) {
            throw new IllegalStateException("position moves back from " + position + " to " + reached);
        }
        open.close(position, Math.min(reached, open.end()));
        open.advanceTo(Math.max(reached, open.end()));
        position = reached;
        publishLimit();
    }

    /**
     * Returns what to commit if {@code offsets} were done. {@link #commit} or {@link #abort} has to follow. Nothing
     * else changes. Without offsets the snapshot holds what is done already, such as markers.
     *
     * @throws IllegalStateException if an offset is not open or given twice, or another snapshot is staged
     */
    public Snapshot stage(long... offsets) {
        if (staged != null) {
            throw new IllegalStateException("staged already: " + staged);
        }
        long[] batch = offsets.clone();
        Arrays.sort(batch);
        requireOpen(batch);
        long[] bounds = open.boundsWithout(batch);
        long lowest = bounds[0];
        AckRuns done = AckRuns.of(Arrays.copyOfRange(bounds, 1, bounds.length));
        Snapshot snapshot = new Snapshot(lowest, done.encode(lowest));
        stagedOffsets = batch;
        staged = snapshot;
        return snapshot;
    }

    /** Marks the offsets of this snapshot as done. Its transaction is committed on the broker. */
    public void commit(Snapshot snapshot) {
        long[] batch = unstage(snapshot);
        for (long offset : batch) {
            open.close(offset, offset + 1);
        }
        committed = snapshot.offset();
        publishLimit();
    }

    /** Releases the offsets of this snapshot. Its transaction is aborted, and they can be staged again. */
    public void abort(Snapshot snapshot) {
        unstage(snapshot);
    }

    /**
     * Returns whether a commit would move the offset on the broker, even if only past markers. Runs above it alone are
     * no reason for a commit. Records are done by a commit anyway, and gaps are found again after a crash.
     */
    public boolean needsCommit() {
        return open.lowest() != committed;
    }

    /** Returns the lowest offset that may not be registered yet. It never falls. Any thread may call this. */
    public long registerLimit() {
        return registerLimit;
    }

    /** Returns the used part of what may be registered, from 0 to 1. */
    public double fill() {
        return Math.min(1, (double) open.worstCaseBits() / REGISTERED_BITS);
    }

    /** Returns the offset that the group has committed, as far as this worker knows. */
    long committedOffset() {
        return committed;
    }

    /** Returns the offset that the consumer reads next. */
    long position() {
        return position;
    }

    /** Returns the most characters of metadata that completing the registered offsets in any order can lead to. */
    public long encodedSizeBound() {
        return AckRuns.encodedSize(open.worstCaseBits());
    }

    private void publishLimit() {
        registerLimit = open.end() + Math.max(0, REGISTERED_BITS - open.worstCaseBits()) / 2;
    }

    private void requireOpen(long[] batch) {
        for (int i = 0; i < batch.length; i++) {
            boolean twice = i > 0 && batch[i] == batch[i - 1];
            if (twice || batch[i] >= position || !open.contains(batch[i])) {
                throw new IllegalStateException(
                        "offset " + batch[i] + (twice ? " is staged twice" : " is not registered and open"));
            }
        }
    }

    private long[] unstage(Snapshot snapshot) {
        if (!snapshot.equals(staged)) {
            throw new IllegalStateException("not staged: " + snapshot + ", but " + staged);
        }
        long[] batch = stagedOffsets;
        staged = null;
        stagedOffsets = NOTHING;
        return batch;
    }
}
