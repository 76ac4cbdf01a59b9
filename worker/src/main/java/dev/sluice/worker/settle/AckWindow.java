package dev.sluice.worker.settle;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which offsets of one assigned partition are done, while they complete in any order: an offset is registered, then in
 * a transaction, then committed. Committed on the broker are the lowest open offset and, as its metadata, the
 * {@link AckRuns} above it.
 *
 * <p>Offsets are not contiguous: transaction markers, deleted and compacted records leave gaps, and retention makes the
 * position jump. So nothing is counted; a gap is done as soon as something beyond it was seen.
 *
 * <p><b>How far ahead a caller may register.</b> Metadata over the broker's limit inside a transaction ruins the
 * producer. Therefore an offset may only be registered if it is below {@link #registerLimit}, which is set so that the
 * metadata fits, <em>whichever</em> of the registered offsets complete first (the proof is at {@link OpenOffsets}).
 * Some 11,800 neighbouring offsets can be open at a time, or half as many with a marker behind each; how far the done
 * ones above a slow one reach does not matter. The caller keeps a record at or above the limit back and its partition
 * paused. The limit never falls, hence a stale reading is safe and what is on its way here need not be counted.
 *
 * <p>Owned by the settle thread. Only {@link #registerLimit} may be called from others. An
 * {@link IllegalStateException} means a defect in the caller: going on would lose or repeat a request.
 */
public final class AckWindow {
    /**
     * What registered offsets may cost; a longest length is left, since a jump of the position is not ours to refuse.
     */
    private static final long REGISTERED_BITS = AckRuns.MAX_LENGTH_BITS - (long) AckRuns.lengthBits(0, Long.MAX_VALUE);

    private static final long[] NOTHING = {};

    private final OpenOffsets open;
    private long position;
    private long committed;
    private @Nullable Snapshot staged;
    private long[] stagedOffsets = NOTHING;
    private volatile long registerLimit;

    /** What a transaction commits for this partition. */
    public record Snapshot(long offset, String metadata) {}

    /**
     * @param position the committed offset, or where the consumer starts if there is none; if the consumer starts
     *     elsewhere nonetheless (retention), call {@link #reachedPosition} next
     * @param restored the runs found in that offset's metadata. What lies between them was registered before the crash
     *     and counts as open from the start, so that reading it again never needs room
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
     * A record was read and is on its way. Offsets ascend; those left out are gaps.
     *
     * @return false if the offset is done since before a crash: the record must be skipped, not called again
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
     * The consumer has got here: below it nothing will be registered any more, so that all that is not open is done.
     * A consumer that seeks back, to a record it has read but not registered, must not report the position it had
     * reached before; to report the same one again is harmless.
     *
     * <p>Needs no room. It is also the way past a limit that lies in a gap: report the offset of a record that was kept
     * back, and the limit moves as soon as that alone makes room.
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
     * What to commit if {@code offsets} were done. Changes nothing but that {@link #commit} or {@link #abort} has to
     * follow; without offsets it commits what is done already, such as markers.
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

    /** The transaction with this snapshot is committed on the broker. */
    public void commit(Snapshot snapshot) {
        long[] batch = unstage(snapshot);
        for (long offset : batch) {
            open.close(offset, offset + 1);
        }
        committed = snapshot.offset();
        publishLimit();
    }

    /** The transaction with this snapshot is aborted: its offsets are open, as before, and can be staged again. */
    public void abort(Snapshot snapshot) {
        unstage(snapshot);
    }

    /**
     * Whether a commit would move the offset on the broker, be it only past markers. Runs above it alone are no reason:
     * records are done by a commit, and gaps are found again after a crash.
     */
    public boolean needsCommit() {
        return open.lowest() != committed;
    }

    /** The lowest offset that may not be registered yet. From any thread; never falls. */
    public long registerLimit() {
        return registerLimit;
    }

    /** How much of what may be registered is taken, from 0 to 1. */
    public double fill() {
        return Math.min(1, (double) open.worstCaseBits() / REGISTERED_BITS);
    }

    /** The offset that the group has committed, as far as is known here. */
    long committedOffset() {
        return committed;
    }

    /** The offset up to which the consumer has got. */
    long position() {
        return position;
    }

    /** The longest metadata, in characters, that any completion of what is registered now can lead to. */
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
