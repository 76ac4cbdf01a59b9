package dev.sluice;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A chat request: a body as the chat-completions API takes it, and the envelope that tells the queue what to do with it.
 * Immutable and thread-safe; the same one may be sent more than once, and is then a request of its own each time, as long
 * as it has no fixed {@link #id()}.
 *
 * <p>{@link #builder()} writes the body; {@link #ofJson(String)} takes a ready one, which reaches the API byte for byte.
 */
public final class ChatRequest {
    private final byte[] body;
    private final String model;
    private final RequestEnvelope envelope;

    /** Takes over {@code body} without a copy. */
    ChatRequest(byte[] body, String model, RequestEnvelope envelope) {
        this.body = body;
        this.model = model;
        this.envelope = envelope;
    }

    /** A request that is put together from its parts. */
    public static ChatRequestBuilder builder() {
        return new ChatRequestBuilder();
    }

    /** A ready body and an envelope of your own. The body is copied. */
    public static JsonRequestBuilder jsonBuilder(byte[] json) {
        return new JsonRequestBuilder(json.clone());
    }

    /** A ready body and an envelope of your own. */
    public static JsonRequestBuilder jsonBuilder(String json) {
        return new JsonRequestBuilder(json.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A ready body, in UTF-8, with an empty envelope. Refused is only what a worker would refuse: no JSON object, no
     * {@code model}, no {@code messages}, {@code stream: true}. The API's own rules are the API's.
     *
     * @throws InvalidChatRequestException if a worker would refuse it
     */
    public static ChatRequest ofJson(byte[] json) {
        return jsonBuilder(json).build();
    }

    /** Like {@link #ofJson(byte[])}. */
    public static ChatRequest ofJson(String json) {
        return jsonBuilder(json).build();
    }

    /** The body as it reaches the API; a copy. */
    public byte[] body() {
        return body.clone();
    }

    /** The body's size in bytes. */
    public int bodySize() {
        return body.length;
    }

    public String model() {
        return model;
    }

    /** The id it was given; empty where the queue makes one as it is sent, see {@link Receipt#id()}. */
    public Optional<String> id() {
        return Optional.ofNullable(envelope.id());
    }

    public Optional<String> tenant() {
        return Optional.ofNullable(envelope.tenant());
    }

    public Optional<Instant> notBefore() {
        return Optional.ofNullable(envelope.notBefore());
    }

    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(envelope.expiresAt());
    }

    public Optional<Duration> cacheFor() {
        return Optional.ofNullable(envelope.cacheFor());
    }

    public Optional<String> traceparent() {
        return Optional.ofNullable(envelope.traceparent());
    }

    public Optional<String> tracestate() {
        return Optional.ofNullable(envelope.tracestate());
    }

    /** The record's key; a copy. */
    public Optional<byte[]> key() {
        return Optional.ofNullable(envelope.key()).map(byte[]::clone);
    }

    /** The user's own headers; copies. */
    public Map<String, byte[]> headers() {
        return envelope.headers().entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey, header -> header.getValue().clone()));
    }

    /** Says nothing of the body: prompts do not belong in logs. */
    @Override
    public String toString() {
        return "ChatRequest[model=" + model + ", id=" + id().orElse("to be made") + ", " + body.length + " bytes]";
    }
}
