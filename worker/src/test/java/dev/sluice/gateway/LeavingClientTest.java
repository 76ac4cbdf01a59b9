package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Has clients go in the middle of a request, at each step of it. */
@Timeout(60)
class LeavingClientTest {
    private static final String STREAM = TestDoor.BODY.replace("{\"model", "{\"stream\":true,\"model");

    /** The bytes of an answer that no connection takes whose client does not read. */
    private static final int LARGE = 16 << 20;

    private final InMemoryChatQueue queue = InMemoryChatQueue.replying(
                    submitted -> ChatReplies.ok(submitted, new byte[LARGE]))
            .holdReplies();

    @Test
    void aClientThatGoesAtAnyStepLeavesNothingBehind() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            goWhileTheAnswerIsSent(door);
            for (String begun : List.of(
                    "POST /v1/chat/comp", HostileClientTest.HEAD, HostileClientTest.HEAD + "Content-Length: ")) {
                go(door, begun);
            }
            go(door, HostileClientTest.HEAD + "Content-Length: 100\r\n\r\n");
            go(door, HostileClientTest.HEAD + "Content-Length: 100\r\n\r\n{");
            goWhileWaiting(door);
            goAfterTheHead(door, TestDoor.BODY);
            goAfterTheHead(door, STREAM);

            for (String gauge : List.of("waiting.requests", "orphans", "open.answer.bytes", "upload.bytes")) {
                await(gauge).until(() -> value(door, gauge) == 0);
            }
            assertThat(door.registry
                            .get("sluice.gateway.requests")
                            .tag("outcome", "client_closed")
                            .counter()
                            .count())
                    .isEqualTo(5);
        }
    }

    private void goWhileTheAnswerIsSent(TestDoor door) throws Exception {
        try (RawConnection client = door.connect()) {
            client.post("", TestDoor.BODY);
            await().until(() -> queue.waiting() == 1);
            queue.release();
            assertThat(client.head()).contains("200 ok");
            await().until(() -> value(door, "open.answer.bytes") > 0);
        }
    }

    private static void go(TestDoor door, String begun) throws Exception {
        try (RawConnection client = door.connect()) {
            client.send(begun);
        }
    }

    private void goWhileWaiting(TestDoor door) throws Exception {
        try (RawConnection client = door.connect()) {
            client.post("", TestDoor.BODY);
            await().until(() -> queue.waiting() == 1);
        }
    }

    private static void goAfterTheHead(TestDoor door, String body) throws Exception {
        try (RawConnection client = door.connect()) {
            assertThat(client.post("", body).head()).contains("200 ok", "transfer-encoding: chunked");
        }
    }

    private static double value(TestDoor door, String gauge) {
        return door.registry.get("sluice.gateway." + gauge).gauge().value();
    }
}
