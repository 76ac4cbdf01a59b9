package dev.sluice.testing;

import dev.sluice.ChatReply;
import dev.sluice.testing.InMemoryChatQueue.Submitted;
import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import tools.jackson.databind.json.JsonMapper;

/** Makes replies as the workers write them, for {@link InMemoryChatQueue#replying}. The class is stateless. */
public final class ChatReplies {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private ChatReplies() {}

    /** Makes an answer with this text. It finished with {@code stop} and used one token each way. */
    public static ChatReply ok(Submitted submitted, String text) {
        return ok(
                submitted,
                MAPPER.writeValueAsBytes(Map.of(
                        "object",
                        "chat.completion",
                        "model",
                        submitted.request().model(),
                        "choices",
                        List.of(Map.of(
                                "index",
                                0,
                                "finish_reason",
                                "stop",
                                "message",
                                Map.of("role", "assistant", "content", text))),
                        "usage",
                        Map.of("prompt_tokens", 1, "completion_tokens", 1, "total_tokens", 2))));
    }

    /** Makes an answer with this body, which may be anything. */
    public static ChatReply ok(Submitted submitted, byte[] body) {
        ConsumerRecord<byte[], byte[]> reply = reply(submitted, body);
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
        WireHeaders.set(reply.headers(), WireHeaders.HTTP_STATUS, 200);
        return ChatReply.from(reply);
    }

    /** Makes a failed reply, with the same body and headers as its dead letter, if it has one. */
    public static ChatReply failed(Submitted submitted, Reason reason, int httpStatus, String message) {
        Map<String, String> error = Map.of("message", message, "type", reason.word());
        ConsumerRecord<byte[], byte[]> reply = reply(submitted, MAPPER.writeValueAsBytes(Map.of("error", error)));
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.FAILED);
        WireHeaders.set(reply.headers(), WireHeaders.REASON, reason.word());
        WireHeaders.set(reply.headers(), WireHeaders.HTTP_STATUS, httpStatus);
        return ChatReply.from(reply);
    }

    private static ConsumerRecord<byte[], byte[]> reply(Submitted submitted, byte[] body) {
        String topic = new Topics("chat").replies();
        byte[] key = submitted.request().key().orElse(null);
        ConsumerRecord<byte[], byte[]> reply =
                new ConsumerRecord<>(topic, 0, submitted.receipt().offset(), key, body);
        Headers headers = reply.headers();
        submitted.request().headers().forEach(headers::add);
        submitted.request().tenant().ifPresent(tenant -> WireHeaders.set(headers, WireHeaders.TENANT, tenant));
        submitted.request().group().ifPresent(group -> WireHeaders.set(headers, WireHeaders.GROUP, group));
        submitted.request().traceparent().ifPresent(trace -> WireHeaders.set(headers, WireHeaders.TRACEPARENT, trace));
        submitted.request().tracestate().ifPresent(state -> WireHeaders.set(headers, WireHeaders.TRACESTATE, state));
        WireHeaders.set(headers, WireHeaders.ID, submitted.receipt().id());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, 0);
        WireHeaders.set(headers, WireHeaders.DEFERRALS, 0);
        return reply;
    }
}
