package dev.sluice.worker.deadletters;

import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Counts the letters of one partition that were not replayed. The mark of a letter comes after it, so one pass is
 * enough, and a later one goes on where the last has stopped. It takes one bit per letter. Not thread-safe.
 */
public final class DeadLetterTally {
    private final OffsetSet letters = new OffsetSet();
    private long begin;
    private long next;

    /** Creates an empty tally of a partition whose first record is at {@code begin}. */
    public DeadLetterTally(long begin) {
        this.begin = begin;
        this.next = begin;
    }

    /** Returns false if the partition is another one than was counted, because its log was cut or made anew. */
    public boolean isOf(long newBegin, long newEnd) {
        return newBegin >= begin && newEnd >= next;
    }

    /** Forgets the letters that retention has deleted. */
    public void forgetBefore(long newBegin) {
        letters.removeBefore(newBegin);
        begin = newBegin;
        next = Math.max(next, newBegin);
    }

    /** Adds a record. The records must come in the order of their offsets; one that was added before is ignored. */
    public void add(ConsumerRecord<byte[], byte[]> record) {
        if (record.offset() < next) {
            return;
        }
        if (ReplayMarks.isMark(record)) {
            ReplayMarks.letterOf(record).ifPresent(letters::remove);
        } else {
            letters.add(record.offset());
        }
        next = record.offset() + 1;
    }

    /** Tells that there is no further record below this offset. */
    public void skipTo(long offset) {
        next = Math.max(next, offset);
    }

    /** Returns the offset of the first record that has not been added. */
    public long next() {
        return next;
    }

    /** Returns the number of letters for which no mark has been added. */
    public long letters() {
        return letters.size();
    }

    /** Returns the offset of the first of these letters. */
    public OptionalLong first() {
        return letters.first();
    }
}
