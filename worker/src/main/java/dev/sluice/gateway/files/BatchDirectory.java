package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The layout of batches in {@code --files-dir}, beside that of {@link FilesDirectory}. Thread-safe.
 *
 * <pre>
 * owners/OWNER/ID/NUMBER/   a state of a batch: state.json
 * open/OWNER.ID             says that a batch has not come to an end
 * </pre>
 */
final class BatchDirectory {
    private static final String STATE = "state.json";

    private final FilesDirectory files;
    private final RandomGenerator random;

    /** @param random a source of names that nobody else uses */
    BatchDirectory(FilesDirectory files, RandomGenerator random) {
        this.files = files;
        this.random = random;
    }

    /**
     * Writes a state of a batch, safe from a power failure.
     *
     * @return false if it has a state with this number
     */
    boolean append(String owner, String id, int number, byte[] state) throws IOException {
        Path draft = files.newUpload(id + "-" + number + "-" + Long.toHexString(random.nextLong()));
        try {
            DiskSteps.writeForced(draft.resolve(STATE), state);
            Path batch = place(owner, id);
            DiskSteps.create(batch.getParent());
            DiskSteps.create(batch);
            return DiskSteps.moveUnlessTaken(draft, batch.resolve(Integer.toString(number)));
        } finally {
            DiskSteps.deleteTree(draft);
        }
    }

    private Path place(String owner, String id) {
        return files.ownersDirectory().resolve(owner).resolve(id);
    }

    /** Returns the number of the last state, or 0 if there is no such batch. */
    int last(String owner, String id) throws IOException {
        int last = DiskSteps.names(place(owner, id)).stream()
                .filter(name -> name.matches("[1-9][0-9]{0,8}"))
                .mapToInt(Integer::parseInt)
                .max()
                .orElse(0);
        if (last == 0) {
            files.requirePresent();
        }
        return last;
    }

    byte[] read(String owner, String id, int number) throws IOException {
        return Files.readAllBytes(
                place(owner, id).resolve(Integer.toString(number)).resolve(STATE));
    }

    /** Returns the ids of the owner's batches, the latest first. */
    List<String> ids(String owner) throws IOException {
        List<String> ids = DiskSteps.names(files.ownersDirectory().resolve(owner)).stream()
                .filter(StoredIds::isBatch)
                .sorted(Comparator.reverseOrder())
                .toList();
        if (ids.isEmpty()) {
            files.requirePresent();
        }
        return ids;
    }

    void markOpen(String owner, String id) throws IOException {
        files.requirePresent();
        Files.createFile(files.openDirectory().resolve(owner + "." + id));
        DiskSteps.force(files.openDirectory());
    }

    void markEnded(String owner, String id) throws IOException {
        files.requirePresent();
        Files.deleteIfExists(files.openDirectory().resolve(owner + "." + id));
    }

    /** Returns the batches that have not come to an end, by their ids. */
    List<BatchStore.OpenBatch> open() throws IOException {
        files.requirePresent();
        return DiskSteps.names(files.openDirectory()).stream()
                .map(name -> name.split("\\.", 2))
                .filter(parts -> parts.length == 2 && StoredIds.isBatch(parts[1]))
                .map(parts -> new BatchStore.OpenBatch(parts[0], parts[1]))
                .sorted(Comparator.comparing(BatchStore.OpenBatch::id))
                .toList();
    }
}
