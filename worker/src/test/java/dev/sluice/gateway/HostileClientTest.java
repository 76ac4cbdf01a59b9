package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sends what no good client sends. Each gets its right answer, and nothing of it is published. */
@Timeout(60)
class HostileClientTest {
    static final String HEAD = String.join(
            "\r\n", "POST /v1/chat/completions HTTP/1.1", "Host: localhost", "Content-Type: application/json", "");

    private static final String LARGE = "{\"model\":\"m\",\"messages\":[\"" + "x".repeat(30_000) + "\"]}";

    @Test
    void aBodyOverTheLimitIsNamedWithTheLimit() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> response = door.post(LARGE);
            HttpResponse<String> huge = door.send(
                    door.request("/v1/chat/completions").POST(HttpRequest.BodyPublishers.ofString("x".repeat(39_000))));

            assertThat(response.statusCode()).isEqualTo(413);
            assertThat(TestDoor.error(response).get("message").asString())
                    .contains("the body has " + LARGE.length() + " bytes", "20000 bytes at most");
            assertThat(huge.statusCode()).isEqualTo(413);
            assertThat(door.queue.requests()).isEmpty();
        }
    }

    /** A client that is refused before its body is read must be able to read why. */
    @Test
    void aClientThatIsSendingReadsTheRefusal() throws Exception {
        CallerRule nobody = request -> new CallerRule.Refused(ErrorBody.invalid(401, "invalid_api_key", null, "no"));
        try (TestDoor door = new TestDoor(TestDoor.answering(), nobody, 10, TestDoor.TIMES)) {
            for (int i = 0; i < 20; i++) {
                try (RawConnection client = door.connect()) {
                    client.send(HEAD + "Content-Length: 200000\r\n\r\n");
                    for (int k = 0; k < 20; k++) {
                        client.send("x".repeat(10_000));
                    }
                    assertThat(client.rest()).startsWith("HTTP/1.1 401 ").contains("invalid_api_key");
                }
            }
        }
    }

    @Test
    void anEndlessBodyIsCutOff() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send(HEAD + "Transfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 50; i++) {
                client.send("400\r\n" + "x".repeat(1024) + "\r\n");
            }

            assertThat(client.head()).contains("413", "connection: close");
        }
    }

    @Test
    void aClientThatWaitsForLeaveGetsItOrTheReason() throws Exception {
        String head = HEAD + "Expect: 100-continue\r\nContent-Length: ";
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection small = door.connect();
                RawConnection large = door.connect()) {
            small.send(head + TestDoor.BODY.length() + "\r\n\r\n");
            assertThat(small.head()).startsWith("http/1.1 100");
            assertThat(small.send(TestDoor.BODY).head()).contains("200 ok");

            large.send(head + "100000\r\n\r\n");
            assertThat(large.head()).startsWith("http/1.1 413");
        }
    }

    @Test
    void aBodyThatDoesNotComeIsNotWaitedForLong() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send(HEAD + "Content-Length: 100\r\n\r\n{");

            assertThat(client.head()).contains("408", "connection: close");
        }
    }

    @ParameterizedTest
    @CsvSource({"NONSENSE, 400", "GET  HTTP/9.9, 400", "GET /%, 404"})
    void nonsenseIsAnsweredInJson(String line, int status) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send(line + (line.startsWith("GET /") ? " HTTP/1.1" : "") + "\r\nHost: localhost\r\n\r\n");

            assertThat(client.head()).contains(" " + status + " ", "content-type: application/json");
        }
    }

    @Test
    void aHugeHeadIsRefused() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection many = door.connect();
                RawConnection line = door.connect()) {
            many.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
                    + String.join("", Collections.nCopies(2_000, "x-header: " + "y".repeat(30) + "\r\n")) + "\r\n");
            assertThat(many.head()).contains(" 431 ");
            line.send("GET /" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(line.head()).contains(" 414 ");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInTheirOrder() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", TestDoor.BODY.replace("\"m\"", "\"one\""));
            client.post("", TestDoor.BODY.replace("\"m\"", "\"two\""));

            assertThat(client.until("re one")).contains("200 OK");
            assertThat(client.until("re two")).contains("200 OK");
        }
    }

    @Test
    void anOfferToUpgradeIsIgnoredWithItsBodyKept() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> response = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_2)
                    .build()
                    .send(
                            door.request("/v1/chat/completions")
                                    .POST(HttpRequest.BodyPublishers.ofString(TestDoor.BODY))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, https://evil.example, application/json, 403",
        "localhost, null, application/json, 403",
        "evil.example, , application/json, 403",
        "evil.example:8080, http://evil.example:8080, application/json, 403",
        "localhost.evil.example, , application/json, 403",
        "localhost, , text/plain, 415",
        "localhost, , application/x-www-form-urlencoded, 415",
        "localhost:1, http://localhost:3000, application/json; charset=utf-8, 200",
        "127.0.0.1:8080, http://127.0.0.1, application/json, 200",
        "[::1]:8080, , application/json, 200"
    })
    void noWebPageReachesADoorWithoutKeys(String host, String origin, String type, int status) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: " + type + "\r\n"
                    + (origin == null ? "" : "Origin: " + origin + "\r\n")
                    + "Content-Length: " + TestDoor.BODY.length() + "\r\n\r\n" + TestDoor.BODY);

            assertThat(client.head()).startsWith("http/1.1 " + status);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Stainless-Retry-Count: \u00e9\r\n", "X-Stainless-Timeout: -1\r\n", "Traceparent: x\r\n"})
    void headersThatMakeNoSenseAreIgnored(String header) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering());
                RawConnection client = door.connect()) {
            assertThat(client.post(header, TestDoor.BODY).head()).contains("200 ok");
        }
    }

    @Test
    void aClientThatDoesNotReadIsCutOff() throws Exception {
        InMemoryChatQueue queue =
                InMemoryChatQueue.replying(submitted -> ChatReplies.ok(submitted, new byte[16 << 20]));
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", TestDoor.BODY);

            await().until(() -> openBytes(door) > 0);
            await().until(() -> openBytes(door) == 0);
            assertThat(client.isReset()).isTrue();
        }
    }

    private static double openBytes(TestDoor door) {
        return door.registry.get("sluice.gateway.open.answer.bytes").gauge().value();
    }
}
