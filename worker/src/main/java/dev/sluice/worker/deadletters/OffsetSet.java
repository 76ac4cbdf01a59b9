package dev.sluice.worker.deadletters;

import java.util.BitSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A set of offsets of one partition. It takes at most one bit per offset, in pieces that exist where there are members.
 * A million members take some hundred kilobytes. Not thread-safe.
 */
final class OffsetSet {
    private static final int PIECE_BITS = 16;

    private final NavigableMap<Long, BitSet> pieces = new TreeMap<>();

    void add(long offset) {
        pieces.computeIfAbsent(piece(offset), key -> new BitSet()).set(bit(offset));
    }

    void remove(long offset) {
        removeBits(offset, bit(offset), bit(offset) + 1);
    }

    void removeBefore(long offset) {
        pieces.headMap(piece(offset)).clear();
        removeBits(offset, 0, bit(offset));
    }

    /** Removes bits of the piece that holds the offset. */
    private void removeBits(long offset, int from, int to) {
        BitSet piece = pieces.get(piece(offset));
        if (piece != null) {
            piece.clear(from, to);
            if (piece.isEmpty()) {
                pieces.remove(piece(offset));
            }
        }
    }

    boolean contains(long offset) {
        BitSet piece = pieces.get(piece(offset));
        return piece != null && piece.get(bit(offset));
    }

    long size() {
        return pieces.values().stream().mapToLong(BitSet::cardinality).sum();
    }

    OptionalLong first() {
        Map.Entry<Long, BitSet> first = pieces.firstEntry();
        return first == null
                ? OptionalLong.empty()
                : OptionalLong.of(
                        (first.getKey() << PIECE_BITS) + first.getValue().nextSetBit(0));
    }

    private static long piece(long offset) {
        return offset >>> PIECE_BITS;
    }

    private static int bit(long offset) {
        return (int) (offset & ((1 << PIECE_BITS) - 1));
    }
}
