package dev.sluice.stream;

import dev.sluice.wire.StreamPiece;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The call whose pieces are shown, and what was shown of it. Not thread-safe. */
final class ShownCall {
    /** The largest text that is kept to be compared with the reply. Beyond it the stream waits for the reply. */
    private static final int MAX_BYTES = 64 << 20;

    /** The choices that an API makes at once. */
    private static final int MAX_HELD = 128;

    private final String id;
    private final ChunkFilter filter = new ChunkFilter();
    private final CompletionAssembly shown = new CompletionAssembly(1, MAX_BYTES);
    /** Chunks that say who speaks and no more. They wait for the first text. */
    private final List<ObjectNode> held = new ArrayList<>();

    private @Nullable ChunkFrame frame;
    private long next;
    private boolean isStopped;

    ShownCall(String id) {
        this.id = id;
    }

    String id() {
        return id;
    }

    /** Returns true if a text was shown, or anything else that counts. */
    boolean hasText() {
        return frame != null;
    }

    /** Returns the frame of all chunks that were shown. */
    Optional<ChunkFrame> frame() {
        return Optional.ofNullable(frame);
    }

    /** Returns the completion that the chunks shown so far amount to. */
    JsonNode completion() {
        return shown.tree();
    }

    /** Returns the chunks of this piece that are to be shown now: none after a gap. */
    List<ObjectNode> add(StreamPiece piece) {
        List<ObjectNode> chunks = new ArrayList<>();
        if (piece.first() > next) {
            isStopped = true;
        }
        long number = piece.first();
        for (byte[] chunk : isStopped || piece.next() <= next ? List.<byte[]>of() : piece.chunks()) {
            if (number++ == next && !isStopped) {
                next++;
                add(chunk, chunks);
            }
        }
        return chunks;
    }

    private void add(byte[] chunk, List<ObjectNode> chunks) {
        Optional<List<ObjectNode>> parts = parse(chunk).flatMap(filter::filter);
        isStopped |= parts.isEmpty();
        for (ObjectNode part : parts.orElse(List.of())) {
            if (ChunkFilter.saysAnything(part)) {
                held.forEach(first -> show(first, chunks));
                held.clear();
                show(part, chunks);
            } else if (ChunkFilter.hasRole(part) && hasText()) {
                show(part, chunks);
            } else if (ChunkFilter.hasRole(part) && held.size() < MAX_HELD) {
                held.add(part);
            }
        }
    }

    private static Optional<ObjectNode> parse(byte[] chunk) {
        try {
            return ChunkJson.MAPPER.readTree(chunk) instanceof ObjectNode object
                    ? Optional.of(object)
                    : Optional.empty();
        } catch (JacksonException e) {
            return Optional.empty(); // no chunk, and so the same as a gap
        }
    }

    private void show(ObjectNode chunk, List<ObjectNode> chunks) {
        if (isStopped) {
            return;
        }
        if (frame == null) {
            frame = ChunkFrame.of(chunk);
        }
        chunks.add(frame.head(chunk));
        isStopped = shown.add(chunk) != CompletionAssembly.Added.TAKEN;
    }
}
