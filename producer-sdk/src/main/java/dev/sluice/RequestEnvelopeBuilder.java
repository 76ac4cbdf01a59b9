package dev.sluice;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects the parts of a request beside its body. Both request builders share it. Everything is optional. A builder is
 * not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class RequestEnvelopeBuilder<B extends RequestEnvelopeBuilder<B>>
        permits ChatRequestBuilder, JsonRequestBuilder {
    private @Nullable String id;
    private @Nullable String tenant;
    private @Nullable String group;
    private boolean abortsIfCancelled;
    private boolean hasDeadLetter = true;
    private @Nullable Instant notBefore;
    private @Nullable Instant expiresAt;
    private @Nullable Duration cacheFor;
    private Priority priority = Priority.NORMAL;
    private @Nullable String traceparent;
    private @Nullable String tracestate;
    private byte @Nullable [] key;
    private final Map<String, byte[]> headers = new LinkedHashMap<>();

    RequestEnvelopeBuilder() {}

    abstract B self();

    /**
     * Sets the request's id, which its reply and its dead letter carry too. An id has at most 256 bytes of UTF-8
     * without control characters. The default is a new UUIDv7. Two requests may have the same id: both are answered.
     */
    public B id(String id) {
        this.id = id;
        return self();
    }

    /**
     * Sets the tenant for whom the request is made. Metrics, usage and filters are kept per tenant. A tenant has at
     * most 256 bytes of UTF-8 without control characters.
     */
    public B tenant(String tenant) {
        this.tenant = tenant;
        return self();
    }

    /**
     * Sets the group of the request. {@link ChatQueue#cancelGroup} cancels all requests of a group. A group has at most
     * 256 bytes of UTF-8 without control characters.
     */
    public B group(String group) {
        this.group = group;
        return self();
    }

    /**
     * Lets the worker abort the call of this request if the request is cancelled meanwhile. Without it a call that has
     * begun goes on to its end, and the request is answered. The provider may charge an aborted call all the same.
     */
    public B abortIfCancelled() {
        this.abortsIfCancelled = true;
        return self();
    }

    /**
     * Lets the request leave no dead letter when it fails. The failed reply is all that says so then, for those who
     * read every reply, as one does who sends a batch and can send a line again.
     */
    public B withoutDeadLetter() {
        this.hasDeadLetter = false;
        return self();
    }

    /** Sets the earliest time of the call, to the millisecond. The clock of the reading worker decides. */
    public B notBefore(Instant notBefore) {
        this.notBefore = notBefore;
        return self();
    }

    /**
     * Sets the time from which the request is not called any more. It then ends as failed with reason {@code expired}.
     * The clock of the reading worker decides.
     */
    public B expiresAt(Instant expiresAt) {
        this.expiresAt = expiresAt;
        return self();
    }

    /**
     * Allows an answer from the worker's memory that is at most this old. The earlier request must have had an
     * identical body and the same tenant. Identical requests in flight share one call.
     *
     * <p>The record is keyed by the hash of tenant and body, so that equal requests reach the same worker. An explicit
     * {@link #key} replaces that key.
     */
    public B cacheFor(Duration cacheFor) {
        this.cacheFor = cacheFor;
        return self();
    }

    /**
     * Sets the priority. The default is {@link Priority#NORMAL}. With {@link Priority#EXPRESS} the request goes to a
     * topic of its own and is called before the backlog of its model. Use it where a person waits for the answer.
     */
    public B priority(Priority priority) {
        this.priority = Objects.requireNonNull(priority, "priority");
        return self();
    }

    /**
     * Sets the <a href="https://www.w3.org/TR/trace-context/">W3C trace context</a>, for example
     * {@code 00-4bf9…-00f0…-01}. It is passed to the API and to the reply.
     */
    public B traceparent(String traceparent) {
        this.traceparent = traceparent;
        return self();
    }

    /** Sets the vendors' part of the trace context. It requires a {@link #traceparent}. */
    public B tracestate(String tracestate) {
        this.tracestate = tracestate;
        return self();
    }

    /**
     * Sets the record's key. Requests of one key go to one partition and so to one worker, and their replies have the
     * same key. The default is the request's id, unless {@link #cacheFor} is set, so that requests spread over all
     * partitions.
     */
    public B key(byte[] key) {
        this.key = key.clone();
        return self();
    }

    /** Sets the record's key in UTF-8, like {@link #key(byte[])}. */
    public B key(String key) {
        return key(key.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sets a header of your own, which the reply carries too. It replaces a header of the same name. Names that begin
     * with {@code sluice-} or {@code kafka_} are reserved for the queue and for Spring. All headers together take at
     * most 8 KiB.
     */
    public B header(String name, byte[] value) {
        headers.put(name, value.clone());
        return self();
    }

    /** Sets a header in UTF-8, like {@link #header(String, byte[])}. */
    public B header(String name, String value) {
        return header(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Builds the request after checking it.
     *
     * @throws InvalidChatRequestException with every problem of the request
     */
    public abstract ChatRequest build();

    final RequestEnvelope envelope() {
        return new RequestEnvelope(
                id,
                tenant,
                group,
                abortsIfCancelled,
                hasDeadLetter,
                notBefore,
                expiresAt,
                cacheFor,
                priority,
                traceparent,
                tracestate,
                key,
                new LinkedHashMap<>(headers));
    }
}
