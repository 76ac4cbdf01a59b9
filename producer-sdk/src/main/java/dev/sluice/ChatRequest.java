package dev.sluice;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A chat request with a body for the chat-completions API and an envelope for the queue.
 *
 * <p>{@link #builder()} writes the body. {@link #ofJson(String)} takes a ready body, which reaches the API byte for
 * byte. A request is immutable and thread-safe. It may be sent more than once. Each sending is a request of its own as
 * long as no fixed {@link #id()} is set.
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

    /** Returns a builder that writes the body from its parts. */
    public static ChatRequestBuilder builder() {
        return new ChatRequestBuilder();
    }

    /** Returns a builder for a ready body and an envelope. The body is copied. */
    public static JsonRequestBuilder jsonBuilder(byte[] json) {
        return new JsonRequestBuilder(json.clone());
    }

    /** Returns a builder for a ready body and an envelope. The body is encoded in UTF-8. */
    public static JsonRequestBuilder jsonBuilder(String json) {
        return new JsonRequestBuilder(json.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Makes a request from a ready body in UTF-8, with an empty envelope. It refuses only what a worker would refuse:
     * no JSON object, no {@code model} or no {@code messages}. The API's own rules are left to the API.
     *
     * @throws InvalidChatRequestException if a worker would refuse the body
     */
    public static ChatRequest ofJson(byte[] json) {
        return jsonBuilder(json).build();
    }

    /** Makes a request from a ready body, like {@link #ofJson(byte[])}. */
    public static ChatRequest ofJson(String json) {
        return jsonBuilder(json).build();
    }

    /** Returns a copy of the body as it reaches the API. */
    public byte[] body() {
        return body.clone();
    }

    /** Returns the body's size in bytes. */
    public int bodySize() {
        return body.length;
    }

    /**
     * Returns this request as {@link ChatQueue#stream(ChatRequest)} publishes it: its body asks for a stream with
     * usage, and its call is aborted if it is cancelled.
     */
    public ChatRequest streamed() {
        return new ChatRequest(StreamBody.of(body), model, envelope.abortingIfCancelled());
    }

    /** Returns the model's name as it is in the body. */
    public String model() {
        return model;
    }

    /**
     * Returns the id that was set. It is empty if the queue makes an id when it sends the request, see
     * {@link Receipt#id()}.
     */
    public Optional<String> id() {
        return Optional.ofNullable(envelope.id());
    }

    /** Returns the tenant for whom the request is made. */
    public Optional<String> tenant() {
        return Optional.ofNullable(envelope.tenant());
    }

    /** Returns the group with which the request can be cancelled. */
    public Optional<String> group() {
        return Optional.ofNullable(envelope.group());
    }

    /** Returns true if a call of the request is aborted when the request is cancelled. */
    public boolean abortsIfCancelled() {
        return envelope.abortsIfCancelled();
    }

    /** Returns true if the request leaves a dead letter when it fails. */
    public boolean hasDeadLetter() {
        return envelope.hasDeadLetter();
    }

    /** Returns the earliest time of the call. */
    public Optional<Instant> notBefore() {
        return Optional.ofNullable(envelope.notBefore());
    }

    /** Returns the time from which the request is not called any more. */
    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(envelope.expiresAt());
    }

    /** Returns the greatest age of a remembered answer that the request accepts. */
    public Optional<Duration> cacheFor() {
        return Optional.ofNullable(envelope.cacheFor());
    }

    /** Returns the priority. It decides to which topic the request is published. */
    public Priority priority() {
        return envelope.priority();
    }

    /** Returns the W3C trace context. */
    public Optional<String> traceparent() {
        return Optional.ofNullable(envelope.traceparent());
    }

    /** Returns the vendors' part of the trace context. */
    public Optional<String> tracestate() {
        return Optional.ofNullable(envelope.tracestate());
    }

    /** Returns a copy of the record's key. */
    public Optional<byte[]> key() {
        return Optional.ofNullable(envelope.key()).map(byte[]::clone);
    }

    /** Returns copies of the user's own headers. */
    public Map<String, byte[]> headers() {
        return envelope.headers().entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        Map.Entry::getKey, header -> header.getValue().clone()));
    }

    /** Leaves out the body, because prompts do not belong in logs. */
    @Override
    public String toString() {
        return "ChatRequest[model=" + model + ", id=" + id().orElse("to be made") + ", " + body.length + " bytes]";
    }
}
