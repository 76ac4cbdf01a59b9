package dev.sluice.sandbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * An answer and the way it is delivered.
 *
 * @param events the events of a stream, which has no other body; empty if the answer is none
 */
record PlannedAnswer(int status, Map<String, String> headers, Body body, Delivery delivery, List<Event> events) {
    /** Makes an answer that is no stream. */
    PlannedAnswer(int status, Map<String, String> headers, Body body, Delivery delivery) {
        this(status, headers, body, delivery, List.of());
    }

    /**
     * An event of a stream.
     *
     * @param gap the time between the event before it and this one
     */
    record Event(Duration gap, byte[] bytes) {
        static Event of(Duration gap, String text) {
            return new Event(gap, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    enum Delivery {
        WHOLE,
        HANG,
        HANG_BODY,
        CUT,
        CUT_BODY
    }

    private static final String JSON = "application/json; charset=utf-8";
    private static final String EVENTS = "text/event-stream; charset=utf-8";

    /** Makes a stream of events. */
    static PlannedAnswer events(Map<String, String> headers, List<Event> events, Delivery delivery) {
        return new PlannedAnswer(200, headers, Body.of(EVENTS, ""), delivery, events);
    }

    static PlannedAnswer json(int status, Map<String, String> headers, String json) {
        return new PlannedAnswer(status, headers, Body.of(JSON, json), Delivery.WHOLE);
    }

    /** Makes a JSON answer of {@code length} bytes with a filler between its two parts. */
    static PlannedAnswer padded(String head, String tail, long length, Map<String, String> headers) {
        return new PlannedAnswer(200, headers, Body.padded(JSON, head, tail, length), Delivery.WHOLE);
    }

    static PlannedAnswer text(int status, Map<String, String> headers, String text) {
        return new PlannedAnswer(status, headers, Body.of("text/plain; charset=utf-8", text), Delivery.WHOLE);
    }

    /** Makes a completion that is compressed with gzip. */
    static PlannedAnswer zipped(Map<String, String> headers, String json) {
        Map<String, String> all = new HashMap<>(headers);
        all.put("Content-Encoding", "gzip");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream zip = new GZIPOutputStream(bytes)) {
            zip.write(json.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new PlannedAnswer(200, all, new Body(JSON, bytes.toByteArray(), 0, new byte[0]), Delivery.WHOLE);
    }

    static PlannedAnswer html(int status, Map<String, String> headers, String html) {
        return new PlannedAnswer(status, headers, Body.of("text/html; charset=UTF-8", html), Delivery.WHOLE);
    }

    PlannedAnswer with(Delivery newDelivery) {
        return new PlannedAnswer(status, headers, body, newDelivery, events);
    }

    /** A body with any number of filler bytes in the middle, so that a huge body needs no memory. */
    static final class Body {
        private static final byte[] FILLER = fillerBlock();

        private final String type;
        private final byte[] head;
        private final long filler;
        private final byte[] tail;

        private Body(String type, byte[] head, long filler, byte[] tail) {
            this.type = type;
            this.head = head;
            this.filler = filler;
            this.tail = tail;
        }

        /** Makes a body of {@code length} bytes with a filler between {@code head} and {@code tail}. */
        static Body padded(String type, String head, String tail, long length) {
            byte[] first = head.getBytes(StandardCharsets.UTF_8);
            byte[] last = tail.getBytes(StandardCharsets.UTF_8);
            return new Body(type, first, Math.max(0, length - first.length - last.length), last);
        }

        static Body of(String type, String text) {
            return new Body(type, text.getBytes(StandardCharsets.UTF_8), 0, new byte[0]);
        }

        String type() {
            return type;
        }

        long length() {
            return head.length + filler + tail.length;
        }

        void writeTo(OutputStream out) throws IOException {
            out.write(head);
            for (long left = filler; left > 0; left -= FILLER.length) {
                out.write(FILLER, 0, (int) Math.min(left, FILLER.length));
            }
            out.write(tail);
        }

        void writeHalfTo(OutputStream out) throws IOException {
            out.write(head, 0, head.length / 2);
        }

        private static byte[] fillerBlock() {
            byte[] block = new byte[64 << 10];
            Arrays.fill(block, (byte) 'x');
            return block;
        }
    }
}
