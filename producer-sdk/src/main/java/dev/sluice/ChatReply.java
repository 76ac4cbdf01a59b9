package dev.sluice;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * The one ending of a request: an answer ({@link #ok()}) or a failure. Immutable and thread-safe.
 *
 * <p>Made from any record of a reply topic without ever throwing: what a record does not have, or has in a form that is
 * not understood, is empty here, and {@link #body()} and {@link #header} still have it as it came.
 */
public final class ChatReply {
    private final Headers headers;
    private final byte @Nullable [] key;
    private final byte[] body;
    private final ReplyBody parsed;

    private ChatReply(Headers headers, byte @Nullable [] key, byte[] body) {
        this.headers = headers;
        this.key = key;
        this.body = body;
        this.parsed = ReplyBody.parse(body);
    }

    /** The reply in a record of a reply topic, for those who read it with a consumer of their own: {@code read_committed}. */
    public static ChatReply from(ConsumerRecord<byte[], byte[]> reply) {
        byte @Nullable [] key = reply.key();
        byte @Nullable [] value = reply.value();
        return new ChatReply(
                new RecordHeaders(reply.headers()),
                key == null ? null : key.clone(),
                value == null ? new byte[0] : value.clone());
    }

    /** The request's id; the empty string on a record that is no reply of ours. */
    public String id() {
        return text(WireHeaders.ID).orElse("");
    }

    /** Whether the API has answered. */
    public boolean ok() {
        return status().equals(WireHeaders.OK);
    }

    /** {@code ok} or {@code failed}; the empty string on a record that is no reply of ours. */
    public String status() {
        return text(WireHeaders.STATUS).orElse("");
    }

    /**
     * This reply if it is ok, so that {@code queue.ask(request).thenApply(ChatReply::orThrow)} fails like a call.
     *
     * @throws ChatFailedException if it is not
     */
    public ChatReply orThrow() {
        if (!ok()) {
            throw new ChatFailedException(this);
        }
        return this;
    }

    /**
     * The first choice's content. The empty string where there is none: on a failed reply, with {@link #toolCalls()}, and
     * where reasoning has used up {@code max_tokens} ({@link #finishReason()} is {@code length} then).
     */
    public String text() {
        return parsed.text();
    }

    /** Why the first choice ended: {@code stop}, {@code length}, {@code tool_calls}, …; new words appear. */
    public Optional<String> finishReason() {
        return Optional.ofNullable(parsed.finishReason());
    }

    /** The first choice's tool calls: a JSON array as text. */
    public Optional<String> toolCalls() {
        return Optional.ofNullable(parsed.toolCalls());
    }

    /** The tokens it has cost, where the API says so. */
    public Optional<Usage> usage() {
        return Optional.ofNullable(parsed.usage());
    }

    /** What a failed reply's body says. */
    public Optional<ChatError> error() {
        return Optional.ofNullable(parsed.error());
    }

    /** One word for why it failed, see {@link dev.sluice.wire.Reason}; later releases may have more of them. */
    public Optional<String> reason() {
        return text(WireHeaders.REASON);
    }

    /** The status of the last call; empty where the request was never called, or never answered. */
    public OptionalInt httpStatus() {
        long status = number(WireHeaders.HTTP_STATUS);
        return status < 0 || status > 999 ? OptionalInt.empty() : OptionalInt.of((int) status);
    }

    /** From the request's first record to the last call; zero where the worker does not say. */
    public Duration queuedFor() {
        return Duration.ofMillis(Math.max(0, number(WireHeaders.QUEUED_MS)));
    }

    /** How long the last call took; zero where there was none. */
    public Duration callTook() {
        return Duration.ofMillis(Math.max(0, number(WireHeaders.CALL_MS)));
    }

    /** How many calls have really failed. */
    public int attempts() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, number(WireHeaders.ATTEMPTS)));
    }

    /** How often it was put off through no fault of its own, by rate limits for example. */
    public int deferrals() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, number(WireHeaders.DEFERRALS)));
    }

    public Optional<String> tenant() {
        return text(WireHeaders.TENANT);
    }

    /** The request's key; a copy. */
    public Optional<byte[]> key() {
        return Optional.ofNullable(key).map(byte[]::clone);
    }

    /** The body as it came from the API, or the worker's own error object; a copy. */
    public byte[] body() {
        return body.clone();
    }

    /** The last header of this name, the request's own ones included; a copy. */
    public Optional<byte[]> header(String name) {
        return WireHeaders.bytes(headers, name).map(byte[]::clone);
    }

    /** The names of all headers, in the record's order. */
    public Set<String> headerNames() {
        Set<String> names = new LinkedHashSet<>();
        for (Header header : headers) {
            names.add(header.key());
        }
        return names;
    }

    /** Says nothing of the answer: it does not belong in logs. */
    @Override
    public String toString() {
        return "ChatReply[id=" + id() + ", status=" + status()
                + reason().map(reason -> ", reason=" + reason).orElse("") + ", " + body.length + " bytes]";
    }

    private Optional<String> text(String name) {
        return WireHeaders.text(headers, name);
    }

    /** The number in a header; −1 where there is none that can be read. */
    private long number(String name) {
        try {
            return WireHeaders.number(headers, name).orElse(-1);
        } catch (IllegalArgumentException notOurs) {
            return -1;
        }
    }
}
