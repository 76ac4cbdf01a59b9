package dev.sluice.trials.chaos;

import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.wire.WireHeaders;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Reads replies and dead letters as endings of requests. */
final class EndingParser {
    private static final JsonMapper JSON = JsonMapper.shared();

    private EndingParser() {}

    static ObservedEnding parse(ConsumerRecord<byte[], byte[]> record, long seenAt) {
        boolean dead = record.topic().equals(SluiceJar.TOPICS.dead());
        return new ObservedEnding(
                new ObservedEnding.Position(dead, record.partition(), record.offset()),
                header(record, WireHeaders.ID),
                header(record, WireHeaders.STATUS),
                header(record, WireHeaders.REASON),
                dead ? "" : answer(record.value()),
                seenAt);
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return WireHeaders.text(record.headers(), name).orElse("");
    }

    private static String answer(byte[] value) {
        try {
            return JSON.readTree(value).at("/choices/0/message/content").stringValue("");
        } catch (JacksonException e) {
            return "no JSON: " + e.getOriginalMessage();
        }
    }
}
