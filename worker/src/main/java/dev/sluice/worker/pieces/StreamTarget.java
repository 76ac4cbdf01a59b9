package dev.sluice.worker.pieces;

import dev.sluice.wire.WireHeaders;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;

/**
 * The place for the pieces of a streamed answer.
 *
 * @param correlationId the raw bytes by which the reader knows its request
 * @param partition the partition of the topic of streams, as the request names it; it may not be a number
 */
public record StreamTarget(byte[] correlationId, String partition) {
    /** Returns the target that a request names; empty if nobody reads along. */
    public static Optional<StreamTarget> of(Headers headers) {
        return WireHeaders.text(headers, WireHeaders.STREAM_TO)
                .flatMap(partition -> WireHeaders.bytes(headers, WireHeaders.CORRELATION_ID)
                        .map(id -> new StreamTarget(id, partition)));
    }
}
