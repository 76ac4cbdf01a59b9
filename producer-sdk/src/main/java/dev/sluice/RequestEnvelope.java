package dev.sluice;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a request beside its body: the record's key and its headers. The builder has checked them.
 *
 * <p>The record stays inside this package, which neither changes its arrays nor compares it.
 */
@SuppressWarnings("ArrayRecordComponent")
record RequestEnvelope(
        @Nullable String id,
        @Nullable String tenant,
        @Nullable String group,
        boolean abortsIfCancelled,
        boolean hasDeadLetter,
        @Nullable Instant notBefore,
        @Nullable Instant expiresAt,
        @Nullable Duration cacheFor,
        Priority priority,
        @Nullable String traceparent,
        @Nullable String tracestate,
        byte @Nullable [] key,
        Map<String, byte[]> headers) {

    RequestEnvelope abortingIfCancelled() {
        return new RequestEnvelope(
                id,
                tenant,
                group,
                true,
                hasDeadLetter,
                notBefore,
                expiresAt,
                cacheFor,
                priority,
                traceparent,
                tracestate,
                key,
                headers);
    }
}
