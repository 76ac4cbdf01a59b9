package dev.sluice;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part that both request builders share: what travels beside the body. Everything is optional. Not thread-safe.
 *
 * @param <B> the builder itself
 */
public abstract sealed class RequestEnvelopeBuilder<B extends RequestEnvelopeBuilder<B>>
        permits ChatRequestBuilder, JsonRequestBuilder {
    private @Nullable String id;
    private @Nullable String tenant;
    private @Nullable Instant notBefore;
    private @Nullable Instant expiresAt;
    private @Nullable Duration cacheFor;
    private @Nullable String traceparent;
    private @Nullable String tracestate;
    private byte @Nullable [] key;
    private final Map<String, byte[]> headers = new LinkedHashMap<>();

    RequestEnvelopeBuilder() {}

    abstract B self();

    /**
     * The request's id, which its reply and its dead letter carry too. At most 256 bytes of UTF-8 without control
     * characters; a UUIDv7 is made where none is given. Nothing stops two requests of the same id: both are answered.
     */
    public B id(String id) {
        this.id = id;
        return self();
    }

    /** For whom it is: metrics, usage and filters go by it. At most 256 bytes of UTF-8 without control characters. */
    public B tenant(String tenant) {
        this.tenant = tenant;
        return self();
    }

    /** Not called before then, by the reading worker's clock; to the millisecond. */
    public B notBefore(Instant notBefore) {
        this.notBefore = notBefore;
        return self();
    }

    /** Not called from then on, by the reading worker's clock; ends as failed with reason {@code expired}. */
    public B expiresAt(Instant expiresAt) {
        this.expiresAt = expiresAt;
        return self();
    }

    /**
     * An identical body of the same tenant that was answered within this time is answered from memory, and identical ones
     * in flight share one call. The record is keyed by the hash of tenant and body, so that equal ones meet at one worker;
     * a {@link #key} of your own takes its place.
     */
    public B cacheFor(Duration cacheFor) {
        this.cacheFor = cacheFor;
        return self();
    }

    /** W3C Trace Context, passed to the API and on to the reply, for example {@code 00-4bf9…-00f0…-01}. */
    public B traceparent(String traceparent) {
        this.traceparent = traceparent;
        return self();
    }

    /** The vendors' part of the trace context; only with a {@link #traceparent}. */
    public B tracestate(String tracestate) {
        this.tracestate = tracestate;
        return self();
    }

    /**
     * The record's key: requests of one key go to one partition and so to one worker, and their replies are keyed alike.
     * Without one (and without {@link #cacheFor}) a request is keyed by its id, so that they spread over all partitions.
     */
    public B key(byte[] key) {
        this.key = key.clone();
        return self();
    }

    /** Like {@link #key(byte[])}, in UTF-8. */
    public B key(String key) {
        return key(key.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A header of your own, which the reply carries too; replaces one of the same name. Names that begin with {@code
     * sluice-} or {@code kafka_} are ours and Spring's. All of yours together take at most 8 KiB.
     */
    public B header(String name, byte[] value) {
        headers.put(name, value.clone());
        return self();
    }

    /** Like {@link #header(String, byte[])}, in UTF-8. */
    public B header(String name, String value) {
        return header(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The request, checked.
     *
     * @throws InvalidChatRequestException naming everything that is wrong with it
     */
    public abstract ChatRequest build();

    final RequestEnvelope envelope() {
        return new RequestEnvelope(
                id, tenant, notBefore, expiresAt, cacheFor, traceparent, tracestate, key, new LinkedHashMap<>(headers));
    }
}
