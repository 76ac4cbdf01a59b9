package dev.sluice.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a streamed answer on {@link Topics#streams()}: some chunks of it, as the API has sent them.
 *
 * <p>Pieces are advice. Any of them may be missing, and a later call may begin the answer anew under another id. The
 * numbers of the chunks show each gap. The committed reply, which has the id of the call that it is from, is the truth.
 * The record is immutable as long as nobody changes its arrays, and thread-safe.
 *
 * @param correlationId the raw bytes that the request has in {@link WireHeaders#CORRELATION_ID}
 * @param call the id of the HTTP call, {@value WireHeaders#CALL_DIGITS} hexadecimal digits
 * @param first the number of the first chunk among those of the call, from 0 on
 * @param value the chunks, at least one; each is the JSON of a {@code chat.completion.chunk} on one line, and {@code
 * \n}
 *     separates them
 */
public record StreamPiece(byte[] correlationId, String call, long first, byte[] value) {
    private static final char SEPARATOR = '\n';

    public StreamPiece {
        if (!isCall(call) || first < 0) {
            throw new IllegalArgumentException("a piece needs a call of " + WireHeaders.CALL_DIGITS
                    + " hexadecimal digits and a number of 0 or more, has '" + WireHeaders.abbreviated(call) + "' and "
                    + first);
        }
    }

    /** Makes a piece of chunks, at least one. None of them may contain a line feed. */
    public static StreamPiece of(byte[] correlationId, String call, long first, List<byte[]> chunks) {
        return new StreamPiece(correlationId, call, first, joined(chunks));
    }

    private static byte[] joined(List<byte[]> chunks) {
        int length = chunks.size() - 1;
        for (byte[] chunk : chunks) {
            length += chunk.length;
        }
        byte[] joined = new byte[length];
        int end = 0;
        for (byte[] chunk : chunks) {
            if (end > 0) {
                joined[end++] = SEPARATOR;
            }
            System.arraycopy(chunk, 0, joined, end, chunk.length);
            end += chunk.length;
        }
        return joined;
    }

    /** Returns the piece that a record is. It is empty if the record has not the headers and the value of one. */
    public static Optional<StreamPiece> of(Headers headers, byte @Nullable [] value) {
        Optional<byte[]> correlation = WireHeaders.bytes(headers, WireHeaders.CORRELATION_ID);
        Optional<String> call = WireHeaders.text(headers, WireHeaders.CALL).filter(StreamPiece::isCall);
        OptionalLong first = first(headers);
        return value == null || value.length == 0 || correlation.isEmpty() || call.isEmpty() || first.isEmpty()
                ? Optional.empty()
                : Optional.of(new StreamPiece(correlation.get(), call.get(), first.getAsLong(), value));
    }

    private static OptionalLong first(Headers headers) {
        try {
            return WireHeaders.number(headers, WireHeaders.PIECE);
        } catch (IllegalArgumentException e) {
            return OptionalLong.empty();
        }
    }

    private static boolean isCall(String call) {
        return call.length() == WireHeaders.CALL_DIGITS
                && call.chars().allMatch(digit -> (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'));
    }

    /** Makes the record of this piece. */
    public ProducerRecord<byte[], byte[]> record(Topics topics, int partition) {
        ProducerRecord<byte[], byte[]> piece = new ProducerRecord<>(topics.streams(), partition, null, value);
        piece.headers().add(WireHeaders.CORRELATION_ID, correlationId);
        WireHeaders.set(piece.headers(), WireHeaders.CALL, call);
        WireHeaders.set(piece.headers(), WireHeaders.PIECE, first);
        return piece;
    }

    /** Returns the chunks in their order. Each is the JSON of one chunk. */
    public List<byte[]> chunks() {
        List<byte[]> chunks = new ArrayList<>();
        int begin = 0;
        for (int i = 0; i < value.length; i++) {
            if (value[i] == SEPARATOR) {
                chunks.add(Arrays.copyOfRange(value, begin, i));
                begin = i + 1;
            }
        }
        chunks.add(Arrays.copyOfRange(value, begin, value.length));
        return chunks;
    }

    /** Returns the number of the chunk that follows this piece. */
    public long next() {
        long next = first + 1;
        for (byte each : value) {
            next += each == SEPARATOR ? 1 : 0;
        }
        return next;
    }
}
