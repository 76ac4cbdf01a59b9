package dev.sluice.worker.deadletters;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** The records that a replayed letter becomes, by the wire contract. Pure. */
final class ReplayRecords {
    /** What is only true of the request that has died. */
    private static final List<String> LEFT_BEHIND = List.of(
            WireHeaders.ATTEMPTS,
            WireHeaders.DEFERRALS,
            WireHeaders.ENQUEUED_AT,
            WireHeaders.LAST_ERROR,
            WireHeaders.STATUS,
            WireHeaders.HTTP_STATUS,
            WireHeaders.REASON,
            WireHeaders.ORIGIN,
            WireHeaders.REPLAYED);

    private final Topics topics;

    ReplayRecords(Topics topics) {
        this.topics = topics;
    }

    /**
     * The request again: its id, key and headers, a counter of replays, and no history. Times that are over, or are none,
     * are left out: with the old expiry it would die again at once. An expiry still ahead stays, since nobody waits longer.
     */
    ProducerRecord<byte[], byte[]> request(DeadLetter letter, byte[] body, long nowMillis) {
        Headers headers = new RecordHeaders(letter.record().headers().toArray());
        LEFT_BEHIND.forEach(headers::remove);
        keepIfAhead(headers, WireHeaders.NOT_BEFORE, nowMillis);
        keepIfAhead(headers, WireHeaders.EXPIRES_AT, nowMillis);
        WireHeaders.set(headers, WireHeaders.REPLAYS, letter.replays() + 1L);
        return new ProducerRecord<>(
                topics.requests(), null, null, letter.record().key(), body, headers);
    }

    private static void keepIfAhead(Headers headers, String name, long nowMillis) {
        boolean ahead;
        try {
            ahead = WireHeaders.number(headers, name).orElse(0) > nowMillis;
        } catch (IllegalArgumentException noTime) {
            ahead = false;
        }
        if (!ahead) {
            headers.remove(name);
        }
    }

    /** In the letter's own partition: a log is cut off at its beginning, so that the mark outlives the letter. */
    static ProducerRecord<byte[], byte[]> mark(DeadLetter letter) {
        Headers headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.REPLAYED, letter.record().offset());
        return new ProducerRecord<>(letter.record().topic(), letter.record().partition(), null, null, null, headers);
    }
}
