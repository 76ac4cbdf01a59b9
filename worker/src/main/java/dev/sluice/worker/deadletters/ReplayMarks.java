package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The dead letters that have been replayed. It takes at most one bit per offset of the topic, in pieces that are
 * created where there are marks. A million letters take some hundred kilobytes. Not thread-safe.
 */
public final class ReplayMarks {
    private static final int PIECE_BITS = 16;

    private final Map<Piece, BitSet> pieces = new HashMap<>();

    private record Piece(int partition, long number) {}

    /** Tells whether this record marks a letter as replayed. A record with a reason is always a letter. */
    static boolean isMark(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader(WireHeaders.REPLAYED) != null
                && record.headers().lastHeader(WireHeaders.REASON) == null;
    }

    /** Adds the record if it is a mark. A mark that does not name an earlier offset is ignored. */
    void add(ConsumerRecord<byte[], byte[]> record) {
        if (!isMark(record)) {
            return;
        }
        try {
            long offset =
                    WireHeaders.number(record.headers(), WireHeaders.REPLAYED).orElse(Long.MAX_VALUE);
            if (offset < record.offset()) {
                pieces.computeIfAbsent(piece(record.partition(), offset), key -> new BitSet())
                        .set(bit(offset));
            }
        } catch (IllegalArgumentException notANumber) {
            return;
        }
    }

    /** Tells whether the marks that have been added include this letter. */
    public boolean contains(DeadLetter letter) {
        return contains(letter.record().partition(), letter.record().offset());
    }

    private boolean contains(int partition, long offset) {
        BitSet piece = pieces.get(piece(partition, offset));
        return piece != null && piece.get(bit(offset));
    }

    private static Piece piece(int partition, long offset) {
        return new Piece(partition, offset >>> PIECE_BITS);
    }

    private static int bit(long offset) {
        return (int) (offset & ((1 << PIECE_BITS) - 1));
    }
}
