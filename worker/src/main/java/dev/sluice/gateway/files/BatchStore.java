package dev.sluice.gateway.files;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Keeps the states of batches in the directory of a {@link FileStore}, which other doors may share. Of two that go on
 * from the same state one wins, so a batch has one history whoever writes it. Its methods block. Thread-safe.
 */
public final class BatchStore {
    private final BatchDirectory directory;
    private final Clock clock;
    private final StoredIds ids;

    /**
     * Opens a store.
     *
     * @param random a secure source
     * @throws IOException if the directory cannot be used; its message names it
     */
    public BatchStore(FilesConfig config, Clock clock, RandomGenerator random) throws IOException {
        this.directory = new BatchDirectory(FilesDirectory.open(config.directory()), random);
        this.clock = clock;
        this.ids = new StoredIds(clock, random);
    }

    /**
     * A state of a batch and its place in the row.
     *
     * @param number the number of the state, from 1 on
     */
    public record NumberedState(String owner, int number, StoredBatch batch) {}

    /** A batch that has not come to an end. */
    public record OpenBatch(String owner, String id) {}

    /** Creates a batch, which any door may find by {@link #open} from then on. */
    public NumberedState create(String owner, String inputFileId, Map<String, String> metadata, long windowSeconds)
            throws IOException {
        String id = ids.nextBatch();
        StoredBatch batch = StoredBatch.created(id, inputFileId, metadata, clock.instant(), windowSeconds);
        // first, since a batch that nobody finds would wait for ever
        directory.markOpen(owner, id);
        if (!directory.append(owner, id, 1, BatchJson.stored(batch))) {
            throw new IOException("batch " + id + " was there before it was created");
        }
        return new NumberedState(owner, 1, batch);
    }

    /**
     * Writes the state that follows another one.
     *
     * @param from the state that was read
     * @param next what {@link StoredBatch#in} has made of it
     * @return the new state, or nothing if somebody else has gone on from there
     */
    public Optional<NumberedState> append(NumberedState from, StoredBatch next) throws IOException {
        if (!from.batch().status().leadsTo(next.status())) {
            throw new IllegalStateException(from.batch().status().word() + " does not lead to "
                    + next.status().word());
        }
        int number = from.number() + 1;
        if (!directory.append(from.owner(), next.id(), number, BatchJson.stored(next))) {
            return Optional.empty();
        }
        if (next.status().isEnd()) {
            directory.markEnded(from.owner(), next.id());
        }
        return Optional.of(new NumberedState(from.owner(), number, next));
    }

    /** Returns the present state of a batch of this owner. */
    public Optional<NumberedState> find(String owner, String id) throws IOException {
        if (!StoredIds.isBatch(id)) {
            return Optional.empty();
        }
        int last = directory.last(owner, id);
        return last == 0
                ? Optional.empty()
                : Optional.of(new NumberedState(owner, last, BatchJson.parse(directory.read(owner, id, last))));
    }

    /** Returns the ids of an owner's batches, the latest first. */
    public List<String> ids(String owner) throws IOException {
        return directory.ids(owner);
    }

    /** Returns the batches of all owners that have not come to an end, the oldest first. */
    public List<OpenBatch> open() throws IOException {
        List<OpenBatch> open = new ArrayList<>();
        for (OpenBatch each : directory.open()) {
            Optional<NumberedState> state = find(each.owner(), each.id());
            if (state.isPresent() && state.get().batch().status().isEnd()) {
                directory.markEnded(each.owner(), each.id()); // its door died before it could
            } else if (state.isPresent()) {
                open.add(each);
            }
        }
        return open;
    }
}
