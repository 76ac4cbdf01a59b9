package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Which letters have been replayed. At most a bit for every offset of the topic, in pieces that are made where there are
 * marks, so that a million letters take some hundred kilobytes. Not thread-safe.
 */
public final class ReplayMarks {
    private static final int PIECE_BITS = 16;

    private final Map<Piece, BitSet> pieces = new HashMap<>();

    private record Piece(int partition, long number) {}

    /** Whether this record is no letter but says of one that it was replayed. What has a reason is a letter, always. */
    public static boolean isMark(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader(WireHeaders.REPLAYED) != null
                && record.headers().lastHeader(WireHeaders.REASON) == null;
    }

    /** Takes the record in if it is a mark; one that names no letter before it says nothing. */
    void take(ConsumerRecord<byte[], byte[]> record) {
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
        } catch (IllegalArgumentException notOurs) {
            return;
        }
    }

    /** Whether the letter has been replayed, as far as marks have been taken in. */
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
