package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An answer that takes its time: lines of JSON that say how far the work is, and a last one with the result or the
 * problem. Thread-safe, except that the event loop makes it.
 */
final class JsonLines {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(250);

    private final Context loop;
    private final HttpServerResponse response;
    private volatile boolean isGone;
    private long nextProgress;

    /** Sends the head of the answer. */
    JsonLines(Context loop, HttpServerResponse response, Runnable whenClosed) {
        this.loop = loop;
        this.response = response;
        response.closeHandler(closed -> {
            isGone = true;
            whenClosed.run();
        });
        response.exceptionHandler(failure -> isGone = true);
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/x-ndjson")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("x-accel-buffering", "no");
    }

    /** Returns true if nobody waits for the rest any more, so that the work may end. */
    boolean isGone() {
        return isGone;
    }

    /** Says how much of the work is done, a few times a second. One thread at a time may call it. */
    void progress(long done, long all) {
        send(JSON.createObjectNode(), done, all);
    }

    /** Says how much of the work is done and what is known so far, a few times a second. Used as {@link #progress}. */
    void part(JsonNode known, long done, long all) {
        send(JSON.createObjectNode().set("part", known), done, all);
    }

    private void send(ObjectNode progress, long done, long all) {
        long now = System.nanoTime();
        if (now - nextProgress >= 0) {
            nextProgress = now + INTERVAL;
            byte[] line = line(progress.put("done", done).put("all", all));
            loop.runOnContext(turn -> {
                if (!isGone && !response.ended()) {
                    var unused = response.write(Buffer.buffer(line));
                }
            });
        }
    }

    /** Sends the result, which is the last line. */
    void result(JsonNode result) {
        end(line(JSON.createObjectNode().set("result", result)));
    }

    /** Sends why there is no result, in a sentence. */
    void problem(String sentence) {
        end(line(JSON.createObjectNode().put("problem", sentence)));
    }

    private void end(byte[] line) {
        loop.runOnContext(turn -> {
            if (!isGone && !response.ended()) {
                var unused = response.end(Buffer.buffer(line));
            }
        });
    }

    private static byte[] line(JsonNode json) {
        return (json + "\n").getBytes(UTF_8);
    }
}
