package dev.sluice.stream;

import dev.sluice.wire.StreamPiece;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Merges the pieces and the reply of one request into one stream of chunks. Pieces are advice, and the reply is the
 * truth: whatever is lost, doubled, late or of another call, the chunks amount to the reply, or the merge says that
 * they cannot.
 *
 * <p>It shows the first call whose beginning it sees. It drops what it has shown already. After a gap it shows nothing
 * until the reply is there. Then come what is missing and the finish reasons. Usage is in no chunk, since the reply has
 * it. Without any piece the whole stream is made from the reply. Not thread-safe.
 */
public final class StreamMerge {
    /** The largest text in a chunk that is made from a reply, in characters. */
    public static final int MAX_TEXT = 8 * 1024;

    private static final int MAX_EARLIER = 64;
    private static final Next NOTHING = new Show(Collections.emptyIterator());

    private final int maxText;
    /** Calls that were seen before anything was shown. What still comes of them is late. */
    private final Set<String> earlier = new HashSet<>();

    private @Nullable ShownCall shown;
    private boolean hasEnded;

    /** The consequence of a piece or of the reply. */
    public sealed interface Next {}

    /**
     * Chunks to show, perhaps none. Each is a {@code chat.completion.chunk} with one choice, and belongs to the caller.
     *
     * @param chunks makes the chunks as they are asked for, and must be used up before the next piece is merged
     */
    public record Show(Iterator<ObjectNode> chunks) implements Next {}

    /**
     * The text that was shown is not the beginning of the answer. Nothing more can be shown.
     *
     * @param cause why, for people
     */
    public record Contradiction(String cause) implements Next {}

    /**
     * Makes a merge that has seen nothing.
     *
     * @param maxText the longest text in a chunk that is made from the reply, in characters, at least 2
     */
    public StreamMerge(int maxText) {
        this.maxText = maxText;
    }

    /** Takes the next piece that was read. After the reply it is ignored. */
    public Next piece(StreamPiece piece) {
        if (hasEnded) {
            return NOTHING;
        }
        if (shown != null && shown.id().equals(piece.call())) {
            return new Show(shown.add(piece).iterator());
        }
        return shown != null && shown.hasText() ? otherCall(piece) : begin(piece);
    }

    private Next begin(StreamPiece piece) {
        if (piece.first() > 0 || earlier.contains(piece.call())) {
            remember(piece.call());
            return NOTHING;
        }
        if (shown != null) {
            remember(shown.id());
        }
        shown = new ShownCall(piece.call());
        return new Show(shown.add(piece).iterator());
    }

    private void remember(String call) {
        if (earlier.size() < MAX_EARLIER) {
            earlier.add(call);
        }
    }

    private Next otherCall(StreamPiece piece) {
        return earlier.contains(piece.call()) ? NOTHING : new Contradiction("another call of the request has begun");
    }

    /**
     * Takes the body of an {@code ok} reply, once.
     *
     * @param call the id of the call that the reply is from, or null if the reply has none
     * @return the chunks that are missing; none if the body is no completion
     */
    public Next reply(@Nullable String call, byte[] body) {
        hasEnded = true;
        ShownCall begun = shown != null && shown.hasText() ? shown : null;
        if (begun != null && !begun.id().equals(call)) {
            return new Contradiction("the answer is from another call of the request");
        }
        JsonNode whole = parse(body);
        if (!whole.path("choices").isArray()) {
            return begun == null ? NOTHING : new Contradiction("the answer is no completion");
        }
        ChunkFrame frame = begun == null ? ChunkFrame.of(whole) : begun.frame().orElseThrow();
        JsonNode before = begun == null ? MissingNode.getInstance() : begun.completion();
        Optional<CompletionTail> tail = CompletionTail.of(whole, before, frame, maxText);
        return tail.isPresent() ? new Show(tail.get()) : new Contradiction("the answer does not begin like that");
    }

    private static JsonNode parse(byte[] body) {
        try {
            return ChunkJson.MAPPER.readTree(body);
        } catch (JacksonException e) {
            return MissingNode.getInstance(); // APIs answer with whatever they like
        }
    }
}
