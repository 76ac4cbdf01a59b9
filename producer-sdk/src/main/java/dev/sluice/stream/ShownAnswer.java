package dev.sluice.stream;

import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The answer that a reader of a stream was shown, so that a later one can be shown the same. Not thread-safe. */
public final class ShownAnswer {
    private final CompletionAssembly assembly = new CompletionAssembly(1, Integer.MAX_VALUE);
    private @Nullable ChunkFrame frame;

    /** Adds a chunk that was shown. It must not be changed from now on. */
    public void add(ObjectNode chunk) {
        if (frame == null) {
            frame = ChunkFrame.of(chunk);
        }
        CompletionAssembly.Added unused = assembly.add(chunk);
    }

    /** Returns true if nothing was shown. */
    public boolean isEmpty() {
        return frame == null;
    }

    /** Returns roughly the bytes of the answer as JSON. */
    public long bytes() {
        return assembly.bytes();
    }

    /** Returns chunks that show the same in fewer and larger pieces. They belong to the caller. */
    public Iterator<ObjectNode> chunks() {
        return frame == null
                ? Collections.emptyIterator()
                : CompletionTail.again(assembly.tree(), frame, StreamMerge.MAX_TEXT);
    }
}
