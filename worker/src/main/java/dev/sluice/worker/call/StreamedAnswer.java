package dev.sluice.worker.call;

import dev.sluice.stream.CompletionAssembly;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pieces.PieceStream;
import dev.sluice.worker.provider.StreamError;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Reads an answer that comes as a stream of events, and puts its chunks together. Each chunk is handed on as a piece. A
 * packed stream is unpacked at its end, since nobody asks the API for one. Owned by the event loop.
 */
final class StreamedAnswer implements AnswerReader, AnswerMemory.Reader {
    private static final String MEDIA_TYPE = "text/event-stream";
    private static final String DONE = "[DONE]";
    private static final String ERROR = "error";
    /** The bytes of a token, which is a rule of thumb for English. */
    private static final int BYTES_PER_TOKEN = 4;
    /** The tokens between two words about progress. */
    static final long TOKENS_BETWEEN = 64;

    private final HttpClientResponse response;
    private final int maxBytes;
    private final AnswerMemory memory;
    private final PieceStream pieces;
    private final StreamProgress progress;
    private final String call = callId();
    private final CompletionAssembly assembly;
    private final EventStreamReader events;
    private final @Nullable AnswerBody packed;
    private byte @Nullable [] error;
    private AnswerBody.@Nullable UnusableException failure;
    private long chunks;
    private long bytesOfFirst;
    private long toldTokens;
    private int held;
    private boolean hasToldBegin;
    private boolean isDone;
    private boolean isEnding;
    private boolean isPaused;

    /** @param choices the number of choices that the request asks for */
    StreamedAnswer(
            HttpClientResponse response,
            int choices,
            int maxBytes,
            AnswerMemory memory,
            PieceStream pieces,
            StreamProgress progress) {
        this.response = response;
        this.maxBytes = maxBytes;
        this.memory = memory;
        this.pieces = pieces;
        this.progress = progress;
        this.assembly = new CompletionAssembly(choices, maxBytes);
        this.events = new EventStreamReader(maxBytes, this::event);
        this.packed = AnswerBody.encoding(response).isEmpty() ? null : new AnswerBody(response, maxBytes, memory);
        if (packed == null) {
            memory.begins(this);
        }
    }

    private static String callId() {
        return String.format(
                Locale.ROOT,
                "%0" + WireHeaders.CALL_DIGITS + "x",
                ThreadLocalRandom.current().nextLong());
    }

    /** Returns true if an answer comes as a stream. An error never does. */
    static boolean isIn(HttpClientResponse response) {
        String type = response.getHeader("Content-Type");
        return response.statusCode() == 200
                && type != null
                && type.strip().toLowerCase(Locale.ROOT).startsWith(MEDIA_TYPE);
    }

    @Override
    public boolean add(Buffer bytes) {
        if (packed != null) {
            return packed.add(bytes);
        }
        boolean goesOn = read(bytes.getBytes());
        tellProgress();
        return goesOn;
    }

    private void tellProgress() {
        if (chunks > 0 && !hasToldBegin) {
            hasToldBegin = true;
            progress.begun();
        }
        long tokens = tokens();
        if (tokens - toldTokens >= TOKENS_BETWEEN) {
            toldTokens = tokens;
            progress.produced(tokens);
        }
    }

    private boolean read(byte[] bytes) {
        EventStreamReader.Progress progress = events.add(bytes);
        count();
        if (progress == EventStreamReader.Progress.TOO_LONG) {
            failure = tooLarge();
        }
        return progress == EventStreamReader.Progress.READ;
    }

    private void count() {
        int now = (int) Math.min(Integer.MAX_VALUE, events.heldBytes() + assembly.bytes());
        if (packed == null && now > held) {
            int more = now - held;
            held = now;
            memory.grew(this, more);
        }
    }

    private boolean event(String type, byte[] data) {
        if (isDone || error != null || failure != null) {
            return true;
        }
        if (type.equals(ERROR)) {
            error = StreamError.body(data);
            return false;
        }
        if (isDone(data)) {
            isDone = true;
            assembly.end();
            return true;
        }
        return switch (assembly.add(data)) {
            case TAKEN -> {
                bytesOfFirst = chunks == 0 ? assembly.bytes() : bytesOfFirst;
                pieces.add(call, chunks++, data);
                yield true;
            }
            case ERROR -> {
                error = StreamError.body(data);
                yield false;
            }
            case MALFORMED -> {
                // The last event may have been cut off.
                failure = isEnding
                        ? null
                        : new AnswerBody.UnusableException("unusable_body", "the stream has a chunk that is no JSON");
                yield false;
            }
            case TOO_LARGE -> {
                failure = tooLarge();
                yield false;
            }
        };
    }

    private static boolean isDone(byte[] data) {
        return data.length < 2 * DONE.length()
                && new String(data, StandardCharsets.UTF_8).strip().equals(DONE);
    }

    private AnswerBody.UnusableException tooLarge() {
        return new AnswerBody.UnusableException(
                "response_too_large", "the answer is larger than " + maxBytes + " bytes (--max-response-bytes)");
    }

    @Override
    public boolean isComplete() {
        return packed == null && error == null && failure == null && assembly.isComplete();
    }

    @Override
    public byte[] bytes() throws AnswerBody.UnusableException {
        if (packed == null || read(packed.bytes())) {
            isEnding = true;
            events.end();
        }
        if (error != null) {
            return error;
        }
        if (failure == null && !assembly.isComplete()) {
            failure = new AnswerBody.UnusableException("connection", "the stream ended before the answer was complete");
        }
        if (failure != null) {
            throw failure;
        }
        byte[] completion = assembly.completion();
        if (completion.length > maxBytes) {
            throw tooLarge();
        }
        return completion;
    }

    @Override
    public Optional<CallResult.Stream> stream() {
        return Optional.of(new CallResult.Stream(call, chunks > 0, pieces.isPublished(), tokens()));
    }

    /** Returns roughly the tokens so far. The first chunk has what is no text: ids, names and the role. */
    private long tokens() {
        return chunks == 0 ? 0 : 1 + (assembly.bytes() - bytesOfFirst) / BYTES_PER_TOKEN;
    }

    @Override
    public void release() {
        if (packed != null) {
            packed.release();
        } else {
            memory.ends(this);
        }
    }

    @Override
    public boolean isPaused() {
        return packed != null ? packed.isPaused() : isPaused;
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
        return true;
    }

    @Override
    public int heldBytes() {
        return held;
    }
}
