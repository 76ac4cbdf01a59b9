package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The dead letters that have been replayed. Not thread-safe. */
public final class ReplayMarks {
    private final Map<Integer, OffsetSet> offsets = new HashMap<>();

    /** Tells whether this record marks a letter as replayed. A record with a reason is always a letter. */
    static boolean isMark(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader(WireHeaders.REPLAYED) != null
                && record.headers().lastHeader(WireHeaders.REASON) == null;
    }

    /** Returns the offset that a mark names, or an empty value if it does not name an earlier offset. */
    static OptionalLong letterOf(ConsumerRecord<byte[], byte[]> mark) {
        try {
            long offset =
                    WireHeaders.number(mark.headers(), WireHeaders.REPLAYED).orElse(Long.MAX_VALUE);
            return offset < mark.offset() ? OptionalLong.of(offset) : OptionalLong.empty();
        } catch (IllegalArgumentException notANumber) {
            return OptionalLong.empty();
        }
    }

    /** Adds the record if it is a mark. A mark that does not name an earlier offset is ignored. */
    void add(ConsumerRecord<byte[], byte[]> record) {
        if (isMark(record)) {
            letterOf(record)
                    .ifPresent(offset -> offsets.computeIfAbsent(record.partition(), key -> new OffsetSet())
                            .add(offset));
        }
    }

    /** Tells whether the marks that have been added include this letter. */
    public boolean contains(DeadLetter letter) {
        OffsetSet replayed = offsets.get(letter.record().partition());
        return replayed != null && replayed.contains(letter.record().offset());
    }
}
