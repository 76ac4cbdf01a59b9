package dev.sluice.worker.deadletters;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.topics.WorkerHeaders;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Creates the records of a replay as the wire contract defines them. Immutable. */
final class ReplayRecords {
    private final Topics topics;
    private final String person;

    /** @param person the name of whoever replays */
    ReplayRecords(Topics topics, String person) {
        this.topics = topics;
        this.person = person;
    }

    /**
     * Creates the request anew, with its id, key and headers, a counter of replays, and no history. Times that have
     * passed or are not numbers are left out, because the request would die again at once with its old expiry. An
     * expiry in the future stays, because nobody waits for the reply any longer than that.
     */
    ProducerRecord<byte[], byte[]> request(DeadLetter letter, byte[] body, long nowMillis) {
        Headers headers = new RecordHeaders(letter.record().headers().toArray());
        WorkerHeaders.HISTORY.forEach(headers::remove);
        WorkerHeaders.COUNTERS.forEach(headers::remove);
        headers.remove(WireHeaders.STREAM_TO); // nobody reads along any more
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
        } catch (IllegalArgumentException notANumber) {
            ahead = false;
        }
        if (!ahead) {
            headers.remove(name);
        }
    }

    /**
     * Creates the mark of a letter, for the same partition. Retention deletes a log from its beginning, so the mark
     * outlives the letter.
     */
    ProducerRecord<byte[], byte[]> mark(DeadLetter letter) {
        Headers headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.REPLAYED, letter.record().offset());
        WireHeaders.set(headers, WireHeaders.REPLAYED_BY, person);
        return new ProducerRecord<>(letter.record().topic(), letter.record().partition(), null, null, null, headers);
    }
}
