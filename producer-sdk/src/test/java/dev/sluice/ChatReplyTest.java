package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatReplyTest {
    private static final String ANSWER =
            "{\"id\":\"x\",\"choices\":[{\"index\":0,\"finish_reason\":\"eos\",\"message\":"
                    + "{\"role\":\"assistant\",\"content\":\"Hello ☀\",\"tool_calls\":[]}},"
                    + "{\"message\":{\"content\":\"two\"}}],"
                    + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}";

    @Test
    void readsAnAnswer() {
        ConsumerRecord<byte[], byte[]> reply = reply(ANSWER);
        WireHeaders.set(reply.headers(), WireHeaders.ID, "i");
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, "ok");
        WireHeaders.set(reply.headers(), WireHeaders.HTTP_STATUS, 200);
        WireHeaders.set(reply.headers(), WireHeaders.QUEUED_MS, 1_500);
        WireHeaders.set(reply.headers(), WireHeaders.CALL_MS, 300);
        WireHeaders.set(reply.headers(), WireHeaders.ATTEMPTS, 1);
        WireHeaders.set(reply.headers(), WireHeaders.DEFERRALS, 2);
        WireHeaders.set(reply.headers(), WireHeaders.TENANT, "t");
        WireHeaders.set(reply.headers(), "mine", "my own");

        ChatReply read = ChatReply.from(reply);

        assertThat(read.ok()).isTrue();
        assertThat(read.orThrow()).isSameAs(read);
        assertThat(read.id()).isEqualTo("i");
        assertThat(read.text()).isEqualTo("Hello ☀");
        assertThat(read.finishReason()).contains("eos");
        assertThat(read.toolCalls()).isEmpty();
        assertThat(read.usage()).contains(new Usage(3, 4, 7));
        assertThat(read.error()).isEmpty();
        assertThat(read.reason()).isEmpty();
        assertThat(read.httpStatus()).hasValue(200);
        assertThat(read.queuedFor()).isEqualTo(Duration.ofMillis(1_500));
        assertThat(read.callTook()).isEqualTo(Duration.ofMillis(300));
        assertThat(read.attempts()).isEqualTo(1);
        assertThat(read.deferrals()).isEqualTo(2);
        assertThat(read.tenant()).contains("t");
        assertThat(read.key()).contains(new byte[] {'k'});
        assertThat(read.header("mine")).contains("my own".getBytes(UTF_8));
        assertThat(read.headerNames()).startsWith("sluice-id", "sluice-status").endsWith("mine");
        assertThat(read.body()).isEqualTo(ANSWER.getBytes(UTF_8));
        assertThat(read.toString()).doesNotContain("Hello");
    }

    @Test
    void readsAFailure() {
        ConsumerRecord<byte[], byte[]> reply =
                reply("{\"error\":{\"message\":\"no such model\",\"type\":\"t\",\"param\":null,\"code\":17}}");
        WireHeaders.set(reply.headers(), WireHeaders.ID, "i");
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, "failed");
        WireHeaders.set(reply.headers(), WireHeaders.REASON, "rejected");
        WireHeaders.set(reply.headers(), WireHeaders.HTTP_STATUS, 404);

        ChatReply read = ChatReply.from(reply);

        assertThat(read.ok()).isFalse();
        assertThat(read.status()).isEqualTo("failed");
        assertThat(read.text()).isEmpty();
        assertThat(read.reason()).contains("rejected");
        assertThat(read.error()).contains(new ChatError("no such model", "t", "17"));
        assertThatThrownBy(read::orThrow)
                .isInstanceOf(ChatFailedException.class)
                .hasMessage("request i failed: rejected (HTTP 404): no such model");
    }

    @Test
    void readsTheFieldThatAnErrorIsAbout() {
        ChatReply read = ChatReply.from(reply(
                "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"c\"," + "\"param\":\"messages.0.content\"}}"));

        assertThat(read.error()).contains(new ChatError("m", "t", "c", "messages.0.content"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'content': [{'type': 'text', 'text': 'Hel'}, {'type': 'text', 'text': 'lo'}]} | Hello",
                "{'content': [{'type': 'thinking', 'thinking': 'Hm'}, {'type': 'text', 'text': 'Hello'}]} | Hello",
                "{'content': ['Hel', 'lo']} | Hello",
                "{'content': null, 'refusal': 'No.'} | No.",
                "{'content': '', 'refusal': 'No.'} | No.",
                "{'refusal': 'No.'} | No.",
                "{'content': [], 'refusal': 'No.'} | No.",
                "{'content': [{'type': 'refusal', 'refusal': 'No.'}]} | No.",
                "{'content': 'Hello', 'refusal': null} | Hello"
            })
    void readsAContentOfPartsAndARefusal(String message, String text) {
        String body = "{'choices': [{'message': " + message + "}]}";

        assertThat(ChatReply.from(reply(body.replace('\'', '"'))).text()).isEqualTo(text);
    }

    @Test
    void readsToolCallsAsJson() {
        ChatReply read = ChatReply.from(reply("{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":"
                + "{\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"function\":{\"arguments\":\"{}\"}}]}}]}"));

        assertThat(read.text()).isEmpty();
        assertThat(read.toolCalls()).contains("[{\"id\":\"c\",\"function\":{\"arguments\":\"{}\"}}]");
    }

    @Test
    void readsAnAnswerWhoseTokensWentIntoReasoning() {
        ChatReply read =
                ChatReply.from(reply("{\"choices\":[{\"finish_reason\":\"length\",\"message\":{\"content\":\"\"}}]}"));

        assertThat(read.text()).isEmpty();
        assertThat(read.finishReason()).contains("length");
        assertThat(read.usage()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "7",
                "[]",
                "{}",
                "<html>502</html>",
                "{\"choices\":",
                "{\"choices\":{}}",
                "{\"choices\":[]}",
                "{\"choices\":[7]}",
                "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\"}]}}]}",
                "{\"choices\":[{\"message\":\"x\",\"finish_reason\":null}],\"usage\":7,\"error\":\"x\"}",
                "{\"usage\":{\"prompt_tokens\":\"three\",\"total_tokens\":1e99}}"
            })
    void readsAnUnknownBodyAsEmpty(String body) {
        ChatReply read = ChatReply.from(reply(body));

        assertThat(read.text()).isEmpty();
        assertThat(read.error()).isEmpty();
        assertThat(read.body()).isEqualTo(body.getBytes(UTF_8));
    }

    @Test
    void readsARecordThatIsNoReplyAsEmpty() {
        ChatReply read = ChatReply.from(new ConsumerRecord<>("chat.replies", 0, 0, null, null));

        assertThat(read.ok()).isFalse();
        assertThat(read.id()).isEmpty();
        assertThat(read.status()).isEmpty();
        assertThat(read.key()).isEmpty();
        assertThat(read.body()).isEmpty();
        assertThat(read.httpStatus()).isEmpty();
        assertThat(read.queuedFor()).isZero();
    }

    @Test
    void neverThrowsOnRandomBytes() {
        Random random = new Random(42);
        for (int i = 0; i < 2_000; i++) {
            byte[] body = i % 2 == 0 ? ANSWER.getBytes(UTF_8) : new byte[random.nextInt(100)];
            for (int change = random.nextInt(1, 20); change > 0 && body.length > 0; change--) {
                body[random.nextInt(body.length)] = (byte) random.nextInt();
            }
            ConsumerRecord<byte[], byte[]> reply = new ConsumerRecord<>("chat.replies", 0, 0, null, body);
            byte[] header = new byte[random.nextInt(10)];
            random.nextBytes(header);
            for (String name : new String[] {"sluice-http-status", "sluice-queued-ms", "sluice-attempts"}) {
                reply.headers().add(name, header);
            }

            ChatReply read = ChatReply.from(reply);

            assertThat(read.body()).isEqualTo(body);
            assertThat(read.attempts()).isGreaterThanOrEqualTo(0);
            assertThat(read.queuedFor()).isGreaterThanOrEqualTo(Duration.ZERO);
            assertThat(read.httpStatus().orElse(0)).isBetween(0, 999);
        }
    }

    private static ConsumerRecord<byte[], byte[]> reply(String body) {
        return new ConsumerRecord<>("chat.replies", 0, 0, new byte[] {'k'}, body.getBytes(UTF_8));
    }
}
