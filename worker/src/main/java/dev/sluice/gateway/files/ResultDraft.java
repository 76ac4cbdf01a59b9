package dev.sluice.gateway.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.Optional;

/** A file of a batch's results that is being written. It is closed in the end. Not thread-safe. */
public final class ResultDraft implements AutoCloseable {
    private static final String PURPOSE = "batch_output";

    private final FilesDirectory files;
    private final Path draft;
    private final BatchStore.NumberedState state;
    private final boolean isErrors;
    private final Clock clock;
    private final FileChannel content;

    ResultDraft(FilesDirectory files, Path draft, BatchStore.NumberedState state, boolean isErrors, Clock clock)
            throws IOException {
        this.files = files;
        this.draft = draft;
        this.state = state;
        this.isErrors = isErrors;
        this.clock = clock;
        this.content = FileChannel.open(
                FilesDirectory.content(draft), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** Adds the first bytes of a file. */
    public void add(Path segment, long bytes) throws IOException {
        try (FileChannel from = FileChannel.open(segment, StandardOpenOption.READ)) {
            long copied = 0;
            while (copied < bytes) {
                long step = from.transferTo(copied, bytes - copied, content);
                if (step == 0) {
                    throw new EOFException(segment + " has lost its last " + (bytes - copied) + " bytes");
                }
                copied += step;
            }
        }
    }

    /** Returns where more is written to. It is not closed. */
    public OutputStream stream() {
        return Channels.newOutputStream(content);
    }

    /**
     * Makes the file visible to the owner of the batch, unless it is empty. Whoever else has made the same file has
     * made it for this one.
     *
     * @return its id
     */
    public Optional<String> publish() throws IOException {
        long bytes = content.size();
        if (bytes == 0) {
            return Optional.empty();
        }
        content.force(true);
        String batch = state.batch().id();
        String id = StoredIds.resultOf(batch, isErrors);
        long now = clock.instant().getEpochSecond();
        StoredFile file = new StoredFile(
                id,
                bytes,
                now,
                batch + (isErrors ? "_error.jsonl" : "_output.jsonl"),
                PURPOSE,
                now + state.batch().order().resultSeconds());
        boolean unused = files.publishOnce(draft, state.owner(), file);
        return Optional.of(id);
    }

    /** Deletes what was written, unless it was published. */
    @Override
    public void close() throws IOException {
        content.close();
        DiskSteps.deleteTree(draft);
    }
}
