package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sends bytes that look like a request and are none, or bodies that parsers disagree about. */
@Timeout(60)
class HostileBytesTest {
    private static final String STREAM = TestDoor.BODY.replace("{\"model", "{\"stream\":true,\"model");

    private static final String CUT = "cut off";

    /** Two lengths, or a length and chunks, are how one request is taken for two. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                "Content-Length: -1\r\n\r\n",
                "Content-Length: 99999999999999999999\r\n\r\n{}",
                "Content-Length: 5 5\r\n\r\nhello",
                "Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
                "X: y\r\n : z\r\n\r\n",
                "X\u0000: y\r\n\r\n"
            })
    void aRequestWhoseEndIsNotClearIsPublishedNotAtAll(String rest) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send(HostileClientTest.HEAD + rest);

            assertThat(client.head())
                    .satisfiesAnyOf(
                            answer -> assertThat(answer).isEmpty(),
                            answer -> assertThat(answer).startsWith("http/1.1 4"));
            assertThat(door.queue.requests()).isEmpty();
            await().until(() -> gauge(door, "sluice.gateway.upload.bytes") == 0);
            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
        }
    }

    /** Chunks win over a length, and what follows them is no second request. */
    @Test
    void aLengthBesideChunksHidesNoRequest() throws Exception {
        String chunked = Integer.toHexString(TestDoor.BODY.length()) + "\r\n" + TestDoor.BODY + "\r\n0\r\n\r\n";
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send(HostileClientTest.HEAD + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked);

            assertThat(client.head()).startsWith("http/1.1 ");
            assertThat(door.queue.requests()).hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void aHundredThousandHeadersAndTrailersAreRefused() throws Exception {
        String many = "x: y\r\n".repeat(100_000);
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            try (RawConnection client = door.connect()) {
                assertThat(sent(client, HostileClientTest.HEAD + many))
                        .satisfiesAnyOf(
                                answer -> assertThat(answer).contains(" 431 "),
                                answer -> assertThat(answer).isEqualTo(CUT));
            }
            try (RawConnection client = door.connect()) {
                String answer = sent(
                        client,
                        HostileClientTest.HEAD + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n" + many + "\r\n");
                assertThat(answer).doesNotContain(" 200 ", " 500 ");
            }
            await().until(() -> gauge(door, "sluice.gateway.upload.bytes") == 0);
            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
        }
    }

    /** Returns the answer, or that the connection was cut while this was still being sent. */
    private static String sent(RawConnection client, String text) {
        try {
            return client.send(text).rest();
        } catch (IOException e) {
            return CUT;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET /health/live HTTP/1.1|Upgrade: websocket|Connection: Upgrade, 200",
        "CONNECT localhost:80 HTTP/1.1|X: y, 404",
        "OPTIONS * HTTP/1.1|X: y, 404",
        "GET http://evil.example/health/live HTTP/1.1|X: y, 200",
        "GET /health/live%0d%0aX-Injected:%201 HTTP/1.1|X: y, 404",
        "GET //health/live HTTP/1.1|X: y, 404",
        "TRACE /health/live HTTP/1.1|X: secret, 405",
        "HEAD /health/live HTTP/1.1|X: y, 200"
    })
    void oddRequestLinesHaveTheirAnswer(String lines, int status) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send(lines.replace("|", "\r\nHost: localhost\r\n") + "\r\n\r\n");

            String head = client.head();

            assertThat(head).startsWith("http/1.1 " + status).doesNotContain("secret", "\nx-injected");
        }
    }

    /** The server library would repeat the name of the protocol where its own stands. */
    @ParameterizedTest
    @ValueSource(strings = {"FOO/1.1", "HTTP/2.0", "HTTP/0.9", "http/1.1", "<script>/1.1", "FOO", "HTTP/1.1 x"})
    void anotherProtocolIsNoHttp(String protocol) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send("POST /v1/chat/completions " + protocol + "\r\nHost: localhost\r\n"
                    + "Content-Type: application/json\r\nContent-Length: " + TestDoor.BODY.length() + "\r\n\r\n"
                    + TestDoor.BODY);

            assertThat(client.rest()).matches("(?s)HTTP/1\\.[01] 400 .*\"code\":\"invalid_http\".*");
            assertThat(door.queue.requests()).isEmpty();
        }
    }

    @Test
    void anAnswerToHeadHasNoBody() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send("HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");

            assertThat(client.head()).startsWith("http/1.1 200");
            assertThat(client.head()).startsWith("http/1.1 200");
            assertThat(client.bytes(3)).isEqualTo("ok\n");
        }
    }

    static Stream<byte[]> bodiesThatAreNotUtf8() {
        return Stream.of(
                TestDoor.BODY.getBytes(UTF_16),
                TestDoor.BODY.getBytes(UTF_16LE),
                STREAM.getBytes(UTF_16),
                STREAM.getBytes(Charset.forName("UTF-32")),
                TestDoor.BODY.replace("hi", "\u00e9").getBytes(ISO_8859_1),
                STREAM.replace("hi", "\u00e9").getBytes(ISO_8859_1),
                overlong());
    }

    /** Returns a body with a slash in two bytes, which some decoders take. */
    private static byte[] overlong() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int place = TestDoor.BODY.indexOf("hi");
        body.writeBytes(TestDoor.BODY.substring(0, place).getBytes(UTF_8));
        body.writeBytes(new byte[] {(byte) 0xc0, (byte) 0xaf});
        body.writeBytes(TestDoor.BODY.substring(place + 2).getBytes(UTF_8));
        return body.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("bodiesThatAreNotUtf8")
    void aBodyThatIsNotUtf8IsTheCallersFault(byte[] body) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> response =
                    door.send(door.request("/v1/chat/completions").POST(HttpRequest.BodyPublishers.ofByteArray(body)));

            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(TestDoor.error(response).get("message").asString()).contains("UTF-8");
            assertThat(door.queue.requests()).isEmpty();
        }
    }

    @Test
    void aBodyThatParsersFearIsAnsweredWithout500() throws Exception {
        List<String> bodies = List.of(
                "{\"model\":\"m\",\"stream\":true,\"messages\":" + "[".repeat(9_000) + "]".repeat(9_000) + "}",
                "{\"model\":\"m\",\"stream\":" + "9".repeat(9_000) + ",\"messages\":[]}",
                "{\"model\":\"m\",\"stream\":1e999999999,\"messages\":[]}",
                "{\"stream\":true,\"stream\":false,\"model\":\"m\",\"model\":\"n\",\"messages\":[]}",
                "{\"stream\":true,\"model\":\"" + "m".repeat(9_000) + "\",\"messages\":[]}",
                "{\"stream\":true,\"model\":\"m\\ud800\",\"messages\":[]}",
                "{\"stream\":true,\"stream_options\":[],\"model\":\"m\\r\\nX-Injected: 1\",\"messages\":[]}",
                "{\"stre\\u0061m\":true,\"model\":\"m\",\"messages\":[]}",
                "\ufeff{\"stream\":true,\"model\":\"m\",\"messages\":[]}",
                "{\"stream\":true}",
                "{\"stream\":true,\"model\":\"m\",\"messages\":[]} {}",
                "null",
                "\u0000");
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            for (String body : bodies) {
                HttpResponse<String> response = door.post(body);

                assertThat(response.statusCode()).as(body).isIn(200, 400);
                assertThat(response.headers().map()).doesNotContainKey("x-injected");
            }
        }
    }

    /** The API's words may have half a surrogate pair, which is no text. */
    @ParameterizedTest
    @ValueSource(strings = {"\\ud83d", "\\ude00", "a\\ud83d b", "\\u0000"})
    void aReplyWithBrokenTextIsStreamedAllTheSame(String text) throws Exception {
        byte[] reply =
                ("{\"id\":\"1\",\"model\":\"m\",\"created\":1,\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
                                + "\"message\":{\"role\":\"assistant\",\"content\":\"" + text + "\"}}]}")
                        .getBytes(UTF_8);
        try (TestDoor door =
                TestDoor.before(InMemoryChatQueue.replying(submitted -> ChatReplies.ok(submitted, reply)))) {
            HttpResponse<String> response = door.post(STREAM);

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).contains("\"finish_reason\":\"stop\"").endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void aLateFailureWithBrokenTextEndsItsStream() throws Exception {
        InMemoryChatQueue queue = InMemoryChatQueue.replying(
                        submitted -> ChatReplies.failed(submitted, Reason.REJECTED, 400, "\ud83d no\r\nevent: x\r\n"))
                .holdReplies();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", STREAM).head();
            queue.release();

            assertThat(client.until("0\r\n\r\n"))
                    .contains("event: error\ndata: {")
                    .doesNotContain("\nevent: x");
        }
    }

    @Test
    void aWrongKeyAThousandTimesChangesNothing() throws Exception {
        DoorKeys keys = DoorKeys.parse(List.of("web " + DoorKeys.hash("sk-web")));
        try (TestDoor door = new TestDoor(TestDoor.answering(), new KeyRule(() -> keys), 100, TestDoor.TIMES)) {
            for (int i = 0; i < 1_000; i++) {
                try (RawConnection client = door.connect()) {
                    client.post("Authorization: Bearer sk-wrong-" + i + "\r\n", TestDoor.BODY);
                    assertThat(client.head()).startsWith("http/1.1 401");
                }
            }

            assertThat(door.post(TestDoor.BODY, "authorization", "Bearer sk-web")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(door.queue.requests()).hasSize(1);
            assertThat(door.registry.getMeters()).hasSizeLessThan(30);
        }
    }

    /** Heads that come byte by byte hold their connections and nothing else. */
    @Test
    void slowHeadsKeepNobodyOut() throws Exception {
        Socket[] slow = new Socket[500];
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            for (int i = 0; i < slow.length; i++) {
                slow[i] = new Socket(InetAddress.getLoopbackAddress(), door.gateway.port());
                slow[i].getOutputStream().write("POST /v1/chat/comp".getBytes(UTF_8));
            }

            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
            await().until(() -> gauge(door, "sluice.gateway.waiting.requests") == 0);
        } finally {
            for (Socket socket : slow) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
    }

    private static double gauge(TestDoor door, String name) {
        return door.registry.get(name).gauge().value();
    }
}
