package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the states of batches in the directory of a {@link FileStore}, which other doors may share. Of two that go on
 * from the same state one wins, so a batch has one history whoever writes it. Its methods block. Thread-safe.
 */
public final class BatchStore {
    private static final Logger LOG = LoggerFactory.getLogger(BatchStore.class);

    /** The most batches of one owner that have not come to an end. */
    static final int MAX_OPEN = 100;

    /** A batch whose door has died while it created it is forgotten after this. */
    private static final Duration BEGUN = Duration.ofHours(1);
    /** A batch that has ended is forgotten when its results are gone, which are kept for 30 days after it. */
    private static final Duration KEPT = Duration.ofDays(38);

    private final FilesDirectory files;
    private final BatchDirectory directory;
    private final Clock clock;
    private final RandomGenerator random;
    private final StoredIds ids;
    /** The ids of batches whose states cannot be read, of which the log has told. */
    private final Set<String> damaged = ConcurrentHashMap.newKeySet();

    /**
     * Opens a store.
     *
     * @param random a secure source
     * @throws IOException if the directory cannot be used; its message names it
     */
    public BatchStore(FilesConfig config, Clock clock, RandomGenerator random) throws IOException {
        this.files = FilesDirectory.open(config.directory());
        this.directory = new BatchDirectory(files, random);
        this.clock = clock;
        this.random = random;
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

    /**
     * Checks that the directory is there.
     *
     * @throws IOException if it is not, as where its volume was unmounted
     */
    public void requirePresent() throws IOException {
        files.requirePresent();
    }

    /** Returns a name that the directory has for all doors that share it, and no other directory. */
    public String directoryName() throws IOException {
        return files.identity(random);
    }

    /**
     * Creates a batch, which any door may find by {@link #open} from then on.
     *
     * @throws FileRequestException if the owner has no such file, or too many batches
     */
    public NumberedState create(String owner, BatchOrder order) throws IOException {
        requireInput(owner, order.inputFileId());
        long open = directory.open().stream()
                .filter(each -> each.owner().equals(owner))
                .count();
        if (open >= MAX_OPEN) {
            throw new FileRequestException(
                    400,
                    "too_many_batches",
                    null,
                    "this key has " + open + " batches that have not ended, the most it may have; wait, or cancel one");
        }
        String id = ids.nextBatch();
        StoredBatch batch = StoredBatch.created(id, order, clock.instant());
        // first, since a batch that nobody finds would wait for ever
        directory.markOpen(owner, id);
        if (!directory.begin(owner, id, order.inputFileId())) {
            directory.markEnded(owner, id);
            throw unknownInput(order.inputFileId());
        }
        if (!directory.append(owner, id, 1, BatchJson.stored(batch))) {
            throw new IOException("batch " + id + " was there before it was created");
        }
        directory.markOpen(owner, id); // once more, for a door that was stopped for an hour meanwhile
        return new NumberedState(owner, 1, batch);
    }

    private void requireInput(String owner, String id) throws IOException {
        Optional<StoredFile> file = StoredIds.isFile(id) ? files.read(owner, id) : Optional.empty();
        if (file.isEmpty() || file.get().isExpired(clock.instant())) {
            throw unknownInput(id);
        }
        if (!file.get().purpose().equals(UploadFields.BATCH)) {
            throw FileRequestException.badField(
                    "input_file_id",
                    "file '" + id + "' has the purpose '" + file.get().purpose() + "'; upload it with purpose="
                            + UploadFields.BATCH);
        }
    }

    private static FileRequestException unknownInput(String id) {
        return new FileRequestException(
                404, "file_not_found", "input_file_id", "there is no file '" + id + "' of this key; upload it first");
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
            end(from.owner(), next);
        }
        return Optional.of(new NumberedState(from.owner(), number, next));
    }

    private void end(String owner, StoredBatch ended) throws IOException {
        if (!ended.keepsAnswers()) {
            directory.clean(owner, ended.id());
        }
        directory.markEnded(owner, ended.id());
    }

    /** Returns the present state of a batch of this owner. Its counts are those of a moment ago. */
    public Optional<NumberedState> find(String owner, String id) throws IOException {
        if (!StoredIds.isBatch(id)) {
            return Optional.empty();
        }
        int last = directory.last(owner, id);
        return last == 0 ? Optional.empty() : Optional.of(read(owner, id, last));
    }

    /** Finds one of many. A damaged one must not hide all others. */
    private Optional<NumberedState> findWhole(String owner, String id) throws IOException {
        try {
            return find(owner, id);
        } catch (DamagedBatchException e) {
            if (damaged.add(id)) {
                LOG.atError()
                        .addKeyValue("batch", id)
                        .addKeyValue("error", e.getMessage())
                        .log("Batch left out, since its state is damaged");
            }
            return Optional.empty();
        }
    }

    private NumberedState read(String owner, String id, int number) throws IOException {
        NumberedState state = new NumberedState(owner, number, BatchJson.parse(directory.read(owner, id, number)));
        if (!state.batch().run().isUnderWay()) {
            return state;
        }
        BatchCounts counts = progress(state).counts();
        return new NumberedState(owner, number, state.batch().counting(counts));
    }

    /** Returns how far the door is that runs the batch. */
    public BatchProgress progress(NumberedState state) throws IOException {
        StoredBatch batch = state.batch();
        Optional<byte[]> written =
                directory.progress(state.owner(), batch.id(), batch.run().number());
        return written.isPresent()
                ? BatchJson.parseProgress(written.get())
                : new BatchProgress(batch.run().sent(), batch.counts());
    }

    /** Says how far the door is that has taken over with this run. */
    public void writeProgress(NumberedState state, BatchProgress progress) throws IOException {
        directory.writeProgress(
                state.owner(), state.batch().id(), state.batch().run().number(), BatchJson.progress(progress));
    }

    /** Returns a part of the list of an owner's batches, the latest first. */
    public BatchPage list(String owner, String after, int limit) throws IOException {
        List<StoredBatch> page = new ArrayList<>();
        for (String id : directory.ids(owner)) {
            if (after.isEmpty() || id.compareTo(after) < 0) {
                Optional<NumberedState> state = findWhole(owner, id);
                if (state.isPresent() && page.size() == limit) {
                    return new BatchPage(page, true);
                }
                state.ifPresent(each -> page.add(each.batch()));
            }
        }
        return new BatchPage(page, false);
    }

    /** Returns the ids of an owner's batches, the latest first. */
    public List<String> ids(String owner) throws IOException {
        return directory.ids(owner);
    }

    /**
     * Lets a batch be cancelled by the door that runs it.
     *
     * @return the batch, or nothing if this owner has no such batch
     * @throws FileRequestException if it is too late for that
     */
    public Optional<StoredBatch> cancel(String owner, String id) throws IOException {
        while (true) {
            Optional<NumberedState> found = find(owner, id);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            StoredBatch batch = found.get().batch();
            if (batch.status() == BatchStatus.CANCELLING) {
                return Optional.of(batch);
            }
            if (!batch.status().leadsTo(BatchStatus.CANCELLING)) {
                throw new FileRequestException(
                        400,
                        "batch_not_cancellable",
                        null,
                        "batch '" + id + "' is " + batch.status().word() + " and cannot be cancelled any more");
            }
            Optional<NumberedState> cancelled = append(found.get(), batch.in(BatchStatus.CANCELLING, clock.instant()));
            if (cancelled.isPresent()) {
                return Optional.of(cancelled.get().batch());
            }
        }
    }

    /** Returns the batches of all owners that have not come to an end, the oldest first. */
    public List<OpenBatch> open() throws IOException {
        return open(Set.of());
    }

    /**
     * Returns the batches of all owners that have not come to an end, the oldest first.
     *
     * @param known the ids of those that are not looked at
     */
    public List<OpenBatch> open(Set<String> known) throws IOException {
        List<OpenBatch> open = new ArrayList<>();
        for (OpenBatch each : directory.open()) {
            if (known.contains(each.id())) {
                open.add(each);
                continue;
            }
            Optional<NumberedState> state = findWhole(each.owner(), each.id());
            if (state.isPresent() && state.get().batch().status().isEnd()) {
                end(each.owner(), state.get().batch()); // its door died before it could
            } else if (state.isPresent()) {
                open.add(each);
            }
        }
        return open;
    }

    /** Returns the present states of the batches of all owners that have not come to an end. */
    public List<NumberedState> openStates() throws IOException {
        List<NumberedState> states = new ArrayList<>();
        for (OpenBatch each : directory.open()) {
            findWhole(each.owner(), each.id())
                    .filter(state -> !state.batch().status().isEnd())
                    .ifPresent(states::add);
        }
        return states;
    }

    /** Returns the present state of a batch if it is later than this one. */
    public Optional<NumberedState> later(NumberedState state) throws IOException {
        String id = state.batch().id();
        return directory.has(state.owner(), id, state.number() + 1) ? find(state.owner(), id) : Optional.empty();
    }

    /**
     * Returns the file of a batch's requests.
     *
     * @throws DamagedBatchException if it is not there
     */
    public Path input(NumberedState state) throws IOException {
        Path input = directory.input(state.owner(), state.batch().id());
        if (Files.notExists(input)) {
            files.requirePresent();
            throw new DamagedBatchException(input + " is not there");
        }
        return input;
    }

    /** Returns the file with this name of those that belong to a batch. */
    public Path segment(NumberedState state, String name) {
        return directory.file(state.owner(), state.batch().id(), name);
    }

    /** Begins a file of results. */
    public ResultDraft newResult(NumberedState state, boolean isErrors) throws IOException {
        Path draft = directory.newDraft(state.batch().id() + (isErrors ? "-errors" : "-answers"));
        return new ResultDraft(files, draft, state, isErrors, clock);
    }

    /** Forgets the batches that nobody can want to see any more. */
    public void deleteOld() throws IOException {
        long now = clock.millis();
        for (String owner : directory.owners()) {
            for (String id : directory.ids(owner)) {
                long age = now - StoredIds.millis(id);
                if (age > BEGUN.toMillis() && directory.last(owner, id) == 0) {
                    directory.remove(owner, id);
                } else if (age > KEPT.toMillis() && isOver(owner, id)) {
                    directory.remove(owner, id);
                }
            }
        }
        for (OpenBatch each : directory.open()) {
            if (now - StoredIds.millis(each.id()) > BEGUN.toMillis() && directory.last(each.owner(), each.id()) == 0) {
                directory.markEnded(each.owner(), each.id());
            }
        }
    }

    /** Returns true for a batch that has ended, and for one whose state is damaged, which never will. */
    private boolean isOver(String owner, String id) throws IOException {
        return findWhole(owner, id).map(state -> state.batch().status().isEnd()).orElse(true);
    }

    /** Returns the present time by the clock of the store. */
    public Instant now() {
        return clock.instant();
    }
}
