package dev.sluice.worker.call;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Collects the body of an answer up to a maximum size, and unpacks it. Nobody asks the API for a packed body, but a
 * proxy may pack it all the same. Owned by the event loop.
 */
final class AnswerBody implements AnswerReader, AnswerMemory.Reader {
    private static final int FIRST_CAPACITY = 4096;

    private final HttpClientResponse response;
    private final int maxBytes;
    private final AnswerMemory memory;
    private byte[] received = new byte[0];
    private int size;
    private boolean isTooLarge;
    private boolean isPaused;

    AnswerBody(HttpClientResponse response, int maxBytes, AnswerMemory memory) {
        this.response = response;
        this.maxBytes = maxBytes;
        this.memory = memory;
        memory.begins(this);
    }

    /** A complete body that is no answer. */
    static final class UnusableException extends IOException {
        private final String error;

        UnusableException(String error, String message) {
            super(message);
            this.error = error;
        }

        /** Returns the word for {@link CallResult.Failed#error}. */
        String error() {
            return error;
        }
    }

    /** Takes the next bytes. Returns false if the body is too large. */
    @Override
    public boolean add(Buffer bytes) {
        int length = bytes.length();
        if (length > maxBytes - size) {
            isTooLarge = true;
            return false;
        }
        if (size + length > received.length) {
            long doubled = Math.max(FIRST_CAPACITY, Math.max(2L * received.length, size + length));
            int before = received.length;
            received = Arrays.copyOf(received, (int) Math.min(doubled, maxBytes));
            memory.grew(this, received.length - before);
        }
        bytes.getBytes(received, size);
        size += length;
        return true;
    }

    @Override
    public boolean isComplete() {
        return false;
    }

    @Override
    public Optional<CallResult.Stream> stream() {
        return Optional.empty();
    }

    private UnusableException tooLarge(byte @Nullable [] head) {
        // What begins as JSON the API has made itself. Anything else is an edge's doing.
        boolean isJson = response.statusCode() == 200 && head != null && beginsAsJson(head);
        return new UnusableException(
                isJson ? "response_too_large" : "unusable_body",
                "the answer is larger than " + maxBytes + " bytes (--max-response-bytes)");
    }

    private byte @Nullable [] unpackedHead() {
        try (InputStream unpacked = unpacked()) {
            return unpacked.readNBytes(FIRST_CAPACITY);
        } catch (IOException e) {
            return null;
        }
    }

    private static boolean beginsAsJson(byte[] head) {
        for (byte next : head) {
            if (next == '{') {
                return true;
            }
            if (next != ' ' && next != '\n' && next != '\r' && next != '\t') {
                return false;
            }
        }
        return false;
    }

    /**
     * Returns the whole body, unpacked.
     *
     * @throws UnusableException if it cannot be unpacked or exceeds the maximum
     */
    @Override
    public byte[] bytes() throws UnusableException {
        if (isTooLarge) {
            throw tooLarge(unpackedHead());
        }
        if (size == 0 || encoding().isEmpty()) {
            return size == received.length ? received : Arrays.copyOf(received, size);
        }
        try (InputStream unpacked = unpacked()) {
            byte[] whole = unpacked.readNBytes(maxBytes);
            if (unpacked.read() != -1) {
                throw tooLarge(whole);
            }
            return whole;
        } catch (UnusableException e) {
            throw e;
        } catch (IOException e) {
            throw new UnusableException(
                    "unusable_body", "the answer is no valid " + encoding() + ": " + FailureWords.of(e));
        }
    }

    private String encoding() {
        return encoding(response);
    }

    /** Returns how the body of an answer is packed; empty if it is not. */
    static String encoding(HttpClientResponse response) {
        String named = response.getHeader("Content-Encoding");
        String encoding = named == null ? "" : named.strip().toLowerCase(Locale.ROOT);
        return encoding.equals("identity") ? "" : encoding;
    }

    private InputStream unpacked() throws IOException {
        InputStream packed = new ByteArrayInputStream(received, 0, size);
        return switch (encoding()) {
            case "" -> packed;
            case "gzip", "x-gzip" -> new GZIPInputStream(packed);
            case "deflate" -> inflated(packed);
            default ->
                throw new UnusableException(
                        "unusable_body",
                        "the answer has an encoding that was not asked for: " + FailureWords.bounded(encoding()));
        };
    }

    /** Returns deflated bytes with a zlib header, as RFC 9110 has it, or without, as some servers send them. */
    private InputStream inflated(InputStream packed) {
        int head = size < 2 ? 0 : Byte.toUnsignedInt(received[0]) << 8 | Byte.toUnsignedInt(received[1]);
        boolean isZlib = (head >> 8 & 0x0f) == Deflater.DEFLATED && head % 31 == 0;
        Inflater inflater = new Inflater(!isZlib);
        return new InflaterInputStream(packed, inflater) {
            @Override
            public void close() throws IOException {
                super.close();
                inflater.end();
            }
        };
    }

    @Override
    public void release() {
        memory.ends(this);
    }

    @Override
    public boolean isPaused() {
        return isPaused;
    }

    @Override
    public void pause() {
        isPaused = true;
        response.pause();
    }

    @Override
    public void resume() {
        isPaused = false;
        response.resume();
    }

    @Override
    public boolean isStream() {
        return false;
    }

    @Override
    public int heldBytes() {
        return received.length;
    }
}
