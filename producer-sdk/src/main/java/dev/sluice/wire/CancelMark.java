package dev.sluice.wire;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * A mark on {@link Topics#cancels()}, which names requests that are not to be called any more.
 *
 * <p>A mark names its requests by one header that they have, too. If it has several of these headers, the first of the
 * following counts: {@link WireHeaders#CORRELATION_ID} names one ask, {@link WireHeaders#ID} the requests of an id, and
 * {@link WireHeaders#GROUP} those of a group. It has neither key nor value. It counts for requests that were published
 * before it, and until its {@link WireHeaders#EXPIRES_AT}, if it has one. The record is immutable.
 *
 * @param name the value of the header; for {@link Kind#CORRELATION_ID} each character is one of its bytes
 */
public record CancelMark(Kind kind, String name) {
    /** The headers by which a mark can name requests, the first one that counts first. */
    public enum Kind {
        CORRELATION_ID(WireHeaders.CORRELATION_ID),
        ID(WireHeaders.ID),
        GROUP(WireHeaders.GROUP);

        private final String header;

        Kind(String header) {
            this.header = header;
        }

        /** Returns the mark by which these headers name a request or are a mark themselves; empty if they do not. */
        public Optional<CancelMark> in(Headers headers) {
            return WireHeaders.bytes(headers, header)
                    .filter(value -> value.length > 0 && value.length <= WireHeaders.MAX_TEXT_BYTES)
                    .map(this::mark);
        }

        private CancelMark mark(byte[] value) {
            // Latin-1 keeps all bytes of a correlation id apart, whatever they are.
            return new CancelMark(
                    this,
                    new String(value, this == CORRELATION_ID ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
        }
    }

    /** Returns the mark that a record with these headers is. It is empty if they name nothing. */
    public static Optional<CancelMark> of(Headers headers) {
        for (Kind kind : Kind.values()) {
            Optional<CancelMark> mark = kind.in(headers);
            if (mark.isPresent()) {
                return mark;
            }
        }
        return Optional.empty();
    }

    /** Makes the mark of one ask. */
    public static CancelMark ofCorrelationId(byte[] correlation) {
        return Kind.CORRELATION_ID.mark(correlation);
    }

    /** Makes the mark of all requests of an id. */
    public static CancelMark ofId(String id) {
        return new CancelMark(Kind.ID, id);
    }

    /** Makes the mark of all requests of a group. */
    public static CancelMark ofGroup(String group) {
        return new CancelMark(Kind.GROUP, group);
    }

    /** Makes the record of this mark. */
    public ProducerRecord<byte[], byte[]> record(Topics topics) {
        ProducerRecord<byte[], byte[]> mark = new ProducerRecord<>(topics.cancels(), 0, null, null);
        mark.headers()
                .add(
                        kind.header,
                        name.getBytes(
                                kind == Kind.CORRELATION_ID ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
        return mark;
    }
}
