package dev.sluice;

import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Checks the envelope by the workers' rules before the request is sent. The class is stateless. */
final class RequestEnvelopeCheck {
    /**
     * The limit for all of a user's headers, names and values. With the queue's own headers they fit into the room that
     * a record has beside its body.
     */
    static final int MAX_HEADER_BYTES = 8 * 1024;

    /**
     * The version, trace id, parent id and flags in lower case, as W3C Trace Context (level 1, section 3.2.2) defines
     * them.
     */
    private static final Pattern TRACEPARENT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}.*");

    /** The longest tracestate that a vendor must pass on (section 3.3.1.5). */
    private static final int MAX_TRACESTATE = 512;

    /** The latest accepted time. A later one can have more digits than a header may have. */
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    private RequestEnvelopeCheck() {}

    static void check(RequestEnvelope envelope, RequestProblems problems) {
        text(WireHeaders.ID, envelope.id(), problems);
        text(WireHeaders.TENANT, envelope.tenant(), problems);
        text(WireHeaders.GROUP, envelope.group(), problems);
        time(WireHeaders.NOT_BEFORE, envelope.notBefore(), problems);
        time(WireHeaders.EXPIRES_AT, envelope.expiresAt(), problems);
        delay(envelope.notBefore(), problems);
        window(envelope.notBefore(), envelope.expiresAt(), problems);
        cache(envelope.cacheFor(), problems);
        trace(envelope.traceparent(), envelope.tracestate(), problems);
        headers(envelope.headers(), problems);
    }

    static void text(String field, @Nullable String value, RequestProblems problems) {
        if (value == null) {
            return;
        }
        boolean wellFormed = Utf8Text.wellFormed(value);
        problems.require(
                !value.isEmpty()
                        && value.getBytes(StandardCharsets.UTF_8).length <= WireHeaders.MAX_TEXT_BYTES
                        && wellFormed
                        && value.chars().noneMatch(Character::isISOControl),
                field,
                "'" + value + "'",
                "must be 1 to " + WireHeaders.MAX_TEXT_BYTES + " bytes of UTF-8 without control characters");
    }

    private static void time(String field, @Nullable Instant time, RequestProblems problems) {
        if (time != null) {
            boolean fits = !time.isBefore(Instant.EPOCH) && !time.isAfter(LATEST);
            problems.require(fits, field, time, "must be between 1970 and the year 9999");
        }
    }

    private static void delay(@Nullable Instant notBefore, RequestProblems problems) {
        // A later one than 9999 is a problem already.
        if (notBefore != null && !notBefore.isAfter(LATEST)) {
            Instant latest = Instant.now().plus(WireHeaders.MAX_DELAY);
            problems.require(
                    !notBefore.isAfter(latest), WireHeaders.NOT_BEFORE, notBefore, "must be within the next ten years");
        }
    }

    private static void window(@Nullable Instant notBefore, @Nullable Instant expiresAt, RequestProblems problems) {
        if (notBefore != null && expiresAt != null) {
            problems.require(
                    notBefore.isBefore(expiresAt),
                    WireHeaders.EXPIRES_AT,
                    expiresAt,
                    "must be after " + WireHeaders.NOT_BEFORE + ", which is " + notBefore);
        }
    }

    private static void cache(@Nullable Duration cacheFor, RequestProblems problems) {
        if (cacheFor != null) {
            boolean positive = !cacheFor.isNegative() && !cacheFor.isZero();
            problems.require(
                    positive, WireHeaders.CACHE, cacheFor, "must be more than zero; leave it out for no cache");
        }
    }

    private static void trace(@Nullable String traceparent, @Nullable String tracestate, RequestProblems problems) {
        if (traceparent != null) {
            problems.require(
                    TRACEPARENT.matcher(traceparent).matches(),
                    WireHeaders.TRACEPARENT,
                    traceparent,
                    "must be version-traceid-parentid-flags in lower-case hex, as W3C Trace Context has it");
        }
        if (tracestate != null) {
            boolean printable = tracestate.chars().allMatch(c -> c >= ' ' && c <= '~');
            problems.require(
                    traceparent != null && printable && tracestate.length() <= MAX_TRACESTATE,
                    WireHeaders.TRACESTATE,
                    tracestate,
                    "must be at most " + MAX_TRACESTATE + " printable ASCII characters, beside a traceparent");
        }
    }

    private static void headers(Map<String, byte[]> headers, RequestProblems problems) {
        int bytes = 0;
        for (Map.Entry<String, byte[]> header : headers.entrySet()) {
            String name = header.getKey();
            bytes += name.getBytes(StandardCharsets.UTF_8).length + header.getValue().length;
            problems.require(!name.isEmpty() && Utf8Text.wellFormed(name), "header", "'" + name + "'", "needs a name");
            problems.require(
                    !name.startsWith("sluice-") && !name.startsWith("kafka_"),
                    "header",
                    name,
                    "names beginning with sluice- or kafka_ belong to the queue; choose another");
            problems.require(
                    !name.equals(WireHeaders.TRACEPARENT) && !name.equals(WireHeaders.TRACESTATE),
                    "header",
                    name,
                    "has a builder method of its own; use that");
        }
        problems.require(
                bytes <= MAX_HEADER_BYTES,
                "headers",
                bytes + " bytes",
                "names and values must take at most " + MAX_HEADER_BYTES + " bytes together");
    }
}
