package dev.sluice.trials.chaos;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Makes HTTP requests that no good client sends. They begin as good ones, and then their request lines, headers, bodies
 * or bytes are spoiled. The same random numbers make the same requests. Not thread-safe.
 */
final class HostileRequests {
    private static final int GOOD = 10;
    /** One of so many requests that are spoiled is an upload, and one creates a batch. */
    private static final int KINDS = 4;

    private static final int MANY_BYTES = 70_000;
    private static final int LARGE_BODY = 1_300_000;

    private static final List<String> METHODS = List.of(
            "GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "TRACE", "CONNECT", "PRI", "post", "PO\tST", "\u0000",
            "");
    private static final List<String> TARGETS = List.of(
            "/v1/chat/completions",
            "/chat/completions/",
            "/v1/models",
            "/v1/models/a%2Fb",
            "/v1/models/%zz",
            "/v1/files",
            "/v1/files?limit=1e9&after=..",
            "/v1/files/file-0",
            "/v1/files/..%2f..%2fsluice-files/content",
            "/v1/batches",
            "/v1/batches?limit=0&after=..",
            "/v1/batches/batch_0/cancel",
            "/v1/batches/..%2f..%2fopen",
            "/health/live",
            "/metrics",
            "/v1/responses",
            "*",
            "//",
            "/../../etc/passwd",
            "/v1/chat/completions?x=%00",
            "http://evil.example/v1/models",
            "localhost:443",
            "/%0d%0aX-Injected:%201",
            "/\u00e9",
            "");
    private static final List<String> VERSIONS = List.of(
            "HTTP/1.1",
            "HTTP/1.0",
            "HTTP/0.9",
            "HTTP/2.0",
            "HTTP/1.10",
            "FOO/1.1",
            "http/1.1",
            "HTTP/1.1 x",
            "HTTP/",
            "");
    private static final List<String> HEADERS = List.of(
            "Content-Length: 0",
            "Content-Length: -1",
            "Content-Length: 1e3",
            "Content-Length: 99999999999999999999",
            "Content-Length: 7, 7",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: xchunked",
            "Expect: 100-continue",
            "Expect: nonsense",
            "Connection: close",
            "Connection: Upgrade",
            "Upgrade: h2c",
            "Upgrade: websocket",
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
            "Origin: http://evil.example",
            "Host: evil.example",
            "Host:",
            "X-Stainless-Retry-Count: 1",
            "X-Stainless-Timeout: 1",
            "X-Stainless-Timeout: 1e9",
            "Idempotency-Key: \u00e9",
            "Traceparent: 00-zz",
            " folded: x",
            "no colon",
            ": no name",
            "X\u0000: y",
            "X: \u007f\u0001",
            "Content-Type: text/plain",
            "Content-Type: multipart/form-data; boundary=b",
            "Content-Type: multipart/form-data; boundary=\"",
            "Content-Encoding: gzip",
            "Accept-Encoding: gzip",
            "Authorization: Bearer \u00ff");
    private static final String FORM = form("{}\n{}");
    private static final List<String> BODIES = List.of(
            "",
            "null",
            "{}",
            "[]",
            "{\"model\":\"m\"}",
            "{\"model\":\"m\",\"messages\":[]}",
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\ud83d\"}],\"stream\":1e999}",
            "{\"model\":\"m\",\"stream\":true,\"stream\":false,\"messages\":" + "[".repeat(5_000),
            "{\"model\":\"m\",\"stream\":true,\"messages\":"
                    + "[{\"role\":\"user\",\"content\":\"? [stand-in: status=400]\"}]}",
            "\u0000{\"model\":\"m\"}",
            "\ufeff{\"model\":\"m\",\"messages\":[]}",
            "{\"input_file_id\":{},\"endpoint\":[],\"completion_window\":1e9}",
            "{\"input_file_id\":\"../..\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"7d\"}",
            "{\"metadata\":" + "{\"a\":".repeat(5_000),
            FORM,
            FORM.replace("--b--", "--b"),
            FORM.repeat(2),
            FORM.replace("name=", "name"));

    private final Random random;
    private final String batch;

    /** @param inputFileId a file of which batches can be made */
    HostileRequests(Random random, String inputFileId) {
        this.random = random;
        this.batch = "{\"input_file_id\":\"" + inputFileId + "\",\"endpoint\":\"/v1/chat/completions\","
                + "\"completion_window\":\"24h\",\"metadata\":{\"job\":\"h\u00e9llo\"}}";
    }

    /** Returns the body by which a file is stored, whose boundary is {@code b}. */
    static String form(String content) {
        return String.join(
                "\r\n",
                "--b",
                "Content-Disposition: form-data; name=\"purpose\"",
                "",
                "batch",
                "--b",
                "Content-Disposition: form-data; name=\"file\"; filename=\"../a.jsonl\"",
                "",
                content,
                "--b--",
                "");
    }

    /**
     * A request, in the pieces in which it is sent.
     *
     * @param isGood true if nothing of it is spoiled, so that it must be answered with 200
     * @param isStream true if a good one asks for a stream
     */
    record HostileRequest(List<byte[]> pieces, boolean isGood, boolean isStream) {
        HostileRequest {
            pieces = List.copyOf(pieces);
        }

        /** Returns all of its bytes as text, a character for each. */
        String text() {
            StringBuilder text = new StringBuilder();
            pieces.forEach(piece -> text.append(new String(piece, ISO_8859_1)));
            return text.toString();
        }
    }

    HostileRequest next() {
        boolean isGood = random.nextInt(GOOD) == 0;
        boolean isStream = random.nextInt(3) == 0;
        Parts parts = new Parts(isStream, isGood ? KINDS : random.nextInt(KINDS));
        if (isGood) {
            parts.headers.add("Connection: close");
            return new HostileRequest(pieces(parts.bytes()), true, isStream);
        }
        int strokes = 1 + random.nextInt(3);
        boolean spoilsBytes = false;
        for (int i = 0; i < strokes; i++) {
            switch (random.nextInt(5)) {
                case 0 -> parts.spoilLine();
                case 1, 2 -> parts.spoilHeaders();
                case 3 -> parts.spoilBody();
                default -> spoilsBytes = true;
            }
        }
        byte[] bytes = parts.bytes();
        return new HostileRequest(pieces(spoilsBytes ? spoiled(bytes) : bytes), false, isStream);
    }

    /** The parts of one request before they are bytes. */
    private final class Parts {
        private String method = "POST";
        private String target = "/v1/chat/completions";
        private String version = "HTTP/1.1";
        private final List<String> headers = new ArrayList<>(List.of("Host: localhost"));
        private byte[] body;
        private boolean isChunked = random.nextInt(4) == 0;

        /** @param kind 0 for an upload, 1 for a batch, and else a chat request */
        Parts(boolean isStream, int kind) {
            if (kind == 0) {
                target = "/v1/files";
                headers.add("Content-Type: multipart/form-data; boundary=b");
                body = FORM.getBytes(UTF_8);
                return;
            }
            headers.add("Content-Type: application/json");
            if (kind == 1) {
                target = "/v1/batches";
                body = batch.getBytes(UTF_8);
                return;
            }
            body = ("{\"model\":\"m\",\"stream\":" + isStream
                            + ",\"messages\":[{\"role\":\"user\",\"content\":\"h\u00e9llo\"}]}")
                    .getBytes(UTF_8);
        }

        private void spoilLine() {
            switch (random.nextInt(4)) {
                case 0 -> method = any(METHODS);
                case 1 -> target = any(TARGETS);
                case 2 -> version = any(VERSIONS);
                default -> target = "/" + "x".repeat(random.nextInt(MANY_BYTES));
            }
        }

        private void spoilHeaders() {
            switch (random.nextInt(8)) {
                case 0 -> headers.add("X: " + "y".repeat(random.nextInt(MANY_BYTES)));
                case 1 -> headers.addAll(Collections.nCopies(random.nextInt(10_000), "x: y"));
                case 2 -> headers.remove(random.nextInt(headers.size()));
                default -> headers.add(random.nextInt(headers.size() + 1), any(HEADERS));
            }
            if (headers.isEmpty()) {
                headers.add("");
            }
        }

        private void spoilBody() {
            switch (random.nextInt(4)) {
                case 0 -> body = HostileRequests.this.spoiled(body);
                case 1 -> body = random.nextInt(10) == 0 ? new byte[random.nextInt(LARGE_BODY)] : new byte[0];
                default -> body = any(BODIES).getBytes(UTF_8);
            }
        }

        private byte[] bytes() {
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            request.writeBytes((method + " " + target + " " + version + "\r\n").getBytes(ISO_8859_1));
            headers.forEach(header -> request.writeBytes((header + "\r\n").getBytes(ISO_8859_1)));
            if (isChunked) {
                request.writeBytes("Transfer-Encoding: chunked\r\n\r\n".getBytes(ISO_8859_1));
                if (body.length > 0) {
                    request.writeBytes((Integer.toHexString(body.length) + "\r\n").getBytes(ISO_8859_1));
                    request.writeBytes(body);
                    request.writeBytes("\r\n".getBytes(ISO_8859_1));
                }
                request.writeBytes("0\r\n\r\n".getBytes(ISO_8859_1));
            } else {
                request.writeBytes(("Content-Length: " + body.length + "\r\n\r\n").getBytes(ISO_8859_1));
                request.writeBytes(body);
            }
            return request.toByteArray();
        }
    }

    /** Returns the bytes after some of them were changed, lost, repeated or added. */
    private byte[] spoiled(byte[] bytes) {
        byte[] spoiled = bytes;
        for (int i = random.nextInt(4); i >= 0; i--) {
            int from = random.nextInt(spoiled.length + 1);
            int to = from + random.nextInt(Math.min(200, spoiled.length - from) + 1);
            spoiled = switch (random.nextInt(5)) {
                case 0 -> joined(spoiled, from, noise(1 + random.nextInt(20)), from);
                case 1 -> joined(spoiled, from, new byte[0], to);
                case 2 -> joined(spoiled, to, Arrays.copyOfRange(spoiled, from, to), to);
                case 3 -> Arrays.copyOf(spoiled, from);
                default -> joined(spoiled, from, noise(to - from), to);
            };
        }
        return spoiled;
    }

    private byte[] noise(int length) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    /** Returns what comes before one place, then some bytes, then what comes from another place on. */
    private static byte[] joined(byte[] bytes, int before, byte[] between, int from) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(bytes, 0, before);
        joined.writeBytes(between);
        joined.write(bytes, from, bytes.length - from);
        return joined.toByteArray();
    }

    /** Returns the bytes in one piece or in some. */
    private List<byte[]> pieces(byte[] bytes) {
        List<byte[]> pieces = new ArrayList<>();
        int begin = 0;
        int cuts = random.nextInt(3);
        for (int i = 0; i < cuts; i++) {
            int end = begin + random.nextInt(bytes.length - begin + 1);
            pieces.add(Arrays.copyOfRange(bytes, begin, end));
            begin = end;
        }
        pieces.add(Arrays.copyOfRange(bytes, begin, bytes.length));
        return pieces;
    }

    private String any(List<String> words) {
        return words.get(random.nextInt(words.size()));
    }
}
