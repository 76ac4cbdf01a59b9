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
 * The one ending of a request. It is either an answer ({@link #ok()}) or a failure. A reply is immutable and
 * thread-safe.
 *
 * <p>A reply can be made from any record of a reply topic and never throws while reading it. A value that the record
 * lacks, or has in an unknown form, is empty here. {@link #body()} and {@link #header} still return it as it came.
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

    /**
     * Reads the reply in a record of a reply topic. Use it with a consumer of your own, which must read with
     * {@code read_committed}.
     */
    public static ChatReply from(ConsumerRecord<byte[], byte[]> reply) {
        byte @Nullable [] key = reply.key();
        byte @Nullable [] value = reply.value();
        return new ChatReply(
                new RecordHeaders(reply.headers()),
                key == null ? null : key.clone(),
                value == null ? new byte[0] : value.clone());
    }

    /** Returns the request's id. It is the empty string if the record is not a reply of the queue. */
    public String id() {
        return text(WireHeaders.ID).orElse("");
    }

    /** Returns true if the API has answered the request. */
    public boolean ok() {
        return status().equals(WireHeaders.OK);
    }

    /** Returns {@code ok} or {@code failed}. It is the empty string if the record is not a reply of the queue. */
    public String status() {
        return text(WireHeaders.STATUS).orElse("");
    }

    /**
     * Returns this reply if it is ok. With it {@code queue.ask(request).thenApply(ChatReply::orThrow)} fails like a
     * call.
     *
     * @throws ChatFailedException if the reply is not ok
     */
    public ChatReply orThrow() {
        if (!ok()) {
            throw new ChatFailedException(this);
        }
        return this;
    }

    /**
     * Returns the first choice's content. If it is a list of parts, their texts follow one another. If the model has
     * refused to answer, this is its refusal.
     *
     * <p>It is the empty string on a failed reply and on a reply with {@link #toolCalls()}. It is also empty if
     * reasoning has used up {@code max_tokens}. {@link #finishReason()} is {@code length} then.
     */
    public String text() {
        return parsed.text();
    }

    /**
     * Returns why the first choice ended, for example {@code stop}, {@code length} or {@code tool_calls}. Providers add
     * new words.
     */
    public Optional<String> finishReason() {
        return Optional.ofNullable(parsed.finishReason());
    }

    /** Returns the first choice's tool calls as the text of a JSON array. */
    public Optional<String> toolCalls() {
        return Optional.ofNullable(parsed.toolCalls());
    }

    /** Returns the tokens that the answer used, if the API reports them. */
    public Optional<Usage> usage() {
        return Optional.ofNullable(parsed.usage());
    }

    /** Returns the error object in the body of a failed reply. */
    public Optional<ChatError> error() {
        return Optional.ofNullable(parsed.error());
    }

    /**
     * Returns one word for the cause of a failure, see {@link dev.sluice.wire.Reason}. Later releases may add words.
     */
    public Optional<String> reason() {
        return text(WireHeaders.REASON);
    }

    /** Returns the HTTP status of the last call. It is empty if the request was never called or never answered. */
    public OptionalInt httpStatus() {
        long status = number(WireHeaders.HTTP_STATUS);
        return status < 0 || status > 999 ? OptionalInt.empty() : OptionalInt.of((int) status);
    }

    /**
     * Returns the time from the request's first record to the last call. It is zero if the worker does not report it.
     */
    public Duration queuedFor() {
        return Duration.ofMillis(Math.max(0, number(WireHeaders.QUEUED_MS)));
    }

    /** Returns the duration of the last call. It is zero if there was no call. */
    public Duration callTook() {
        return Duration.ofMillis(Math.max(0, number(WireHeaders.CALL_MS)));
    }

    /** Returns the number of calls that really failed. */
    public int attempts() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, number(WireHeaders.ATTEMPTS)));
    }

    /** Returns how often the request was deferred through no fault of its own, for example by rate limits. */
    public int deferrals() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(0, number(WireHeaders.DEFERRALS)));
    }

    /** Returns the request's tenant. */
    public Optional<String> tenant() {
        return text(WireHeaders.TENANT);
    }

    /** Returns a copy of the request's key. */
    public Optional<byte[]> key() {
        return Optional.ofNullable(key).map(byte[]::clone);
    }

    /** Returns a copy of the body. It is the API's body byte for byte, or the worker's own error object. */
    public byte[] body() {
        return body.clone();
    }

    /** Returns a copy of the last header of this name. The request's own headers are included. */
    public Optional<byte[]> header(String name) {
        return WireHeaders.bytes(headers, name).map(byte[]::clone);
    }

    /** Returns the names of all headers in the record's order. */
    public Set<String> headerNames() {
        Set<String> names = new LinkedHashSet<>();
        for (Header header : headers) {
            names.add(header.key());
        }
        return names;
    }

    /** Leaves out the answer, because answers do not belong in logs. */
    @Override
    public String toString() {
        return "ChatReply[id=" + id() + ", status=" + status()
                + reason().map(reason -> ", reason=" + reason).orElse("") + ", " + body.length + " bytes]";
    }

    private Optional<String> text(String name) {
        return WireHeaders.text(headers, name);
    }

    /** Returns the number in a header, or −1 if no number can be read. */
    private long number(String name) {
        try {
            return WireHeaders.number(headers, name).orElse(-1);
        } catch (IllegalArgumentException e) {
            return -1;
        }
    }
}
