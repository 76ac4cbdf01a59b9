package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.Topics;
import dev.sluice.worker.WireForm;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pins the records that services and workers of different releases exchange. */
class RequestFormTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final byte[] CORRELATION = HexFormat.of().parseHex("00ff0719c0ffee42");
    private static final String BODY =
            "{\"model\":\"openai/gpt-oss-20b\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    @Test
    void requestsAreWrittenAsBefore() {
        ChatRequest ask = ChatRequest.jsonBuilder(BODY)
                .tenant("team-a")
                .group("nightly-42")
                .abortIfCancelled()
                .withoutDeadLetter()
                .notBefore(Instant.ofEpochMilli(1_764_000_060_000L))
                .cacheFor(Duration.ofMinutes(10))
                .traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                .tracestate("a=b")
                .header("mine", "my own")
                .build();
        ReplyAddress address = new ReplyAddress(TOPICS.replies(), 258, CORRELATION);
        Instant deadline = Instant.ofEpochMilli(1_764_000_120_000L);

        new WireForm("request")
                .assertWritten(RequestRecords.record(TOPICS, ChatRequest.ofJson(BODY), "id-1", null, null));
        new WireForm("ask").assertWritten(RequestRecords.record(TOPICS, ask, "id-2", deadline, address));
        new WireForm("express")
                .assertWritten(RequestRecords.record(
                        TOPICS,
                        ChatRequest.jsonBuilder(BODY).priority(Priority.EXPRESS).build(),
                        "id-3",
                        null,
                        null));
    }

    @Test
    void marksThatCancelAreWrittenAndReadAsBefore() {
        check("cancel-id", CancelMark.ofId("id-1"));
        check("cancel-group", CancelMark.ofGroup("nightly-42"));
        check("cancel-ask", CancelMark.ofCorrelationId(CORRELATION));
    }

    private static void check(String name, CancelMark mark) {
        WireForm form = new WireForm(name);

        form.assertWritten(mark.record(TOPICS));
        assertThat(form.records())
                .isNotEmpty()
                .allSatisfy(
                        record -> assertThat(CancelMark.of(record.headers())).contains(mark));
    }

    @Test
    void piecesOfStreamsAreWrittenAndReadAsBefore() {
        List<byte[]> chunks = List.of("{\"choices\":[1]}".getBytes(UTF_8), "{\"choices\":[2]}".getBytes(UTF_8));
        StreamPiece piece = StreamPiece.of(CORRELATION, "00112233aabbccdd", 12, chunks);
        WireForm form = new WireForm("piece");

        form.assertWritten(piece.record(TOPICS, 7));
        assertThat(form.records())
                .isNotEmpty()
                .allSatisfy(record -> assertThat(StreamPiece.of(record.headers(), record.value()))
                        .hasValueSatisfying(read -> {
                            assertThat(read.call()).isEqualTo("00112233aabbccdd");
                            assertThat(read.correlationId()).isEqualTo(CORRELATION);
                            assertThat(read.next()).isEqualTo(14);
                            assertThat(read.chunks()).containsExactlyElementsOf(chunks);
                        }));
    }

    @Test
    void repliesOfEveryReleaseAreRead() {
        assertThat(new WireForm("reply").records()).isNotEmpty().allSatisfy(record -> {
            ChatReply reply = ChatReply.from(record);
            assertThat(reply.ok()).isTrue();
            assertThat(reply.id()).isEqualTo("id-2");
            assertThat(reply.tenant()).contains("team-a");
            assertThat(reply.attempts()).isEqualTo(2);
            assertThat(reply.deferrals()).isEqualTo(4);
            assertThat(reply.httpStatus()).hasValue(200);
            assertThat(reply.callTook()).isEqualTo(Duration.ofSeconds(3));
            assertThat(reply.queuedFor()).isEqualTo(Duration.ofSeconds(5));
            assertThat(reply.text()).isEqualTo("Hi!");
        });
        assertThat(new WireForm("failed-reply").records()).isNotEmpty().allSatisfy(record -> {
            ChatReply reply = ChatReply.from(record);
            assertThat(reply.ok()).isFalse();
            assertThat(reply.reason()).contains("rejected");
            assertThat(reply.httpStatus()).hasValue(400);
            assertThat(reply.error()).hasValueSatisfying(error -> {
                assertThat(error.message()).isEqualTo("words");
                assertThat(error.code()).contains("context_length_exceeded");
            });
        });
    }
}
