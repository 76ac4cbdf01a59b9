package dev.sluice.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class CancelMarkTest {
    private static final Topics TOPICS = new Topics("chat");

    @Test
    void isARecordOfTheOnePartitionThatHasTheHeaderOfItsRequests() {
        ProducerRecord<byte[], byte[]> record = CancelMark.ofGroup("nightly").record(TOPICS);

        assertThat(record.topic()).isEqualTo("chat.cancels");
        assertThat(record.partition()).isZero();
        assertThat(record.key()).isNull();
        assertThat(record.value()).isNull();
        assertThat(WireHeaders.text(record.headers(), "sluice-group")).contains("nightly");
    }

    @Test
    void isReadAsItWasWritten() {
        byte[] everyByte = new byte[256];
        for (int i = 0; i < everyByte.length; i++) {
            everyByte[i] = (byte) i;
        }

        assertThat(List.of(CancelMark.ofId("grüße"), CancelMark.ofGroup("g"), CancelMark.ofCorrelationId(everyByte)))
                .allSatisfy(mark ->
                        assertThat(CancelMark.of(mark.record(TOPICS).headers())).contains(mark));
    }

    @Test
    void ofSeveralHeadersTheOneThatNamesFewestCounts() {
        Headers headers = new RecordHeaders()
                .add(WireHeaders.GROUP, "g".getBytes(UTF_8))
                .add(WireHeaders.ID, "a".getBytes(UTF_8));
        assertThat(CancelMark.of(headers)).contains(CancelMark.ofId("a"));

        headers.add(WireHeaders.CORRELATION_ID, new byte[] {1});
        assertThat(CancelMark.of(headers)).contains(CancelMark.ofCorrelationId(new byte[] {1}));
    }

    @Test
    void whatNamesNothingIsNoMark() {
        assertThat(CancelMark.of(new RecordHeaders())).isEmpty();
        assertThat(CancelMark.of(new RecordHeaders().add(WireHeaders.ID, new byte[0])))
                .isEmpty();
        assertThat(CancelMark.of(new RecordHeaders().add(WireHeaders.ID, new byte[257])))
                .isEmpty();
        assertThat(CancelMark.of(new RecordHeaders().add(WireHeaders.ID, null))).isEmpty();
    }
}
