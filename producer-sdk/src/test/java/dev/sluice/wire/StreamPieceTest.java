package dev.sluice.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamPieceTest {
    private static final byte[] CORRELATION = {0, -1, '\n', 7};
    private static final String CALL = "00ff00ff00ff00ff";

    @Test
    void aRecordIsThePieceThatItWasMadeOf() {
        StreamPiece made = StreamPiece.of(CORRELATION, CALL, 7, List.of(bytes("{\"a\":1}"), bytes("{\"b\":\"é\"}")));

        ProducerRecord<byte[], byte[]> record = made.record(new Topics("chat"), 3);
        StreamPiece read = StreamPiece.of(record.headers(), record.value()).orElseThrow();

        assertThat(record.topic()).isEqualTo("chat.streams");
        assertThat(record.partition()).isEqualTo(3);
        assertThat(record.key()).isNull();
        assertThat(record.value()).isEqualTo(bytes("{\"a\":1}\n{\"b\":\"é\"}"));
        assertThat(read.correlationId()).isEqualTo(CORRELATION);
        assertThat(read.call()).isEqualTo(CALL);
        assertThat(read.first()).isEqualTo(7);
        assertThat(read.next()).isEqualTo(9);
        assertThat(read.chunks()).containsExactly(bytes("{\"a\":1}"), bytes("{\"b\":\"é\"}"));
    }

    @Test
    void onePieceOfOneChunkIsFollowedByTheNextNumber() {
        StreamPiece piece = StreamPiece.of(CORRELATION, CALL, 0, List.of(bytes("{}")));

        assertThat(piece.next()).isEqualTo(1);
        assertThat(piece.chunks()).containsExactly(bytes("{}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {WireHeaders.CORRELATION_ID, WireHeaders.CALL, WireHeaders.PIECE})
    void aRecordWithoutOneOfTheHeadersIsNoPiece(String missing) {
        Headers headers = headers();

        headers.remove(missing);

        assertThat(StreamPiece.of(headers, bytes("{}"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "sluice-call, 00ff",
        "sluice-call, 00FF00ff00ff00ff",
        "sluice-piece, -1",
        "sluice-piece, one",
        "sluice-piece, 9999999999999999999"
    })
    void aRecordWithAnUnreadableHeaderIsNoPiece(String header, String value) {
        Headers headers = headers();

        WireHeaders.set(headers, header, value);

        assertThat(StreamPiece.of(headers, bytes("{}"))).isEmpty();
    }

    @Test
    void aRecordWithoutAValueIsNoPiece() {
        assertThat(StreamPiece.of(headers(), null)).isEmpty();
        assertThat(StreamPiece.of(headers(), new byte[0])).isEmpty();
    }

    @Test
    void aPieceNeedsTheIdOfACall() {
        assertThatThrownBy(() -> new StreamPiece(CORRELATION, "call", 0, bytes("{}")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'call'");
    }

    private static Headers headers() {
        return StreamPiece.of(CORRELATION, CALL, 0, List.of(bytes("{}")))
                .record(new Topics("chat"), 0)
                .headers();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
