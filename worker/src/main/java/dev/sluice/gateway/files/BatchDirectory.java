package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The layout of batches in {@code --files-dir}, beside that of {@link FilesDirectory}. Thread-safe.
 *
 * <pre>
 * owners/OWNER/ID/NUMBER/           a state of a batch: state.json
 * owners/OWNER/ID/input             the bytes of its input
 * owners/OWNER/ID/NUMBER.answers    what the door has written that took over with this state, and
 * owners/OWNER/ID/NUMBER.errors     NUMBER.progress, how far it is
 * open/OWNER.ID                     says that a batch has not come to an end
 * </pre>
 */
final class BatchDirectory {
    private static final String STATE = "state.json";
    private static final String INPUT = "input";
    private static final String NUMBER = "[1-9][0-9]{0,8}";

    private final FilesDirectory files;
    private final RandomGenerator random;

    /** @param random a source of names that nobody else uses */
    BatchDirectory(FilesDirectory files, RandomGenerator random) {
        this.files = files;
        this.random = random;
    }

    /**
     * Makes the place of a new batch, with its input, which stays there when the file is deleted.
     *
     * @return false if there is no such file
     */
    boolean begin(String owner, String id, String inputFileId) throws IOException {
        files.requirePresent();
        Path batch = place(owner, id);
        DiskSteps.createForced(batch.getParent());
        DiskSteps.createForced(batch);
        try {
            files.keep(owner, inputFileId, batch.resolve(INPUT));
            return true;
        } catch (NoSuchFileException e) {
            DiskSteps.deleteTree(batch);
            return false;
        }
    }

    Path input(String owner, String id) {
        return place(owner, id).resolve(INPUT);
    }

    /** Returns the file with this name that belongs to a batch. */
    Path file(String owner, String id, String name) {
        return place(owner, id).resolve(name);
    }

    /**
     * Writes a state of a batch, safe from a power failure.
     *
     * @return false if it has a state with this number
     */
    boolean append(String owner, String id, int number, byte[] state) throws IOException {
        Path draft = newDraft(id + "-" + number);
        try {
            DiskSteps.writeForced(draft.resolve(STATE), state);
            Path batch = place(owner, id);
            DiskSteps.createForced(batch.getParent());
            DiskSteps.createForced(batch);
            return DiskSteps.moveUnlessTaken(draft, batch.resolve(Integer.toString(number)));
        } finally {
            DiskSteps.deleteTree(draft);
        }
    }

    /** Makes a directory for something that nobody sees yet. */
    Path newDraft(String name) throws IOException {
        return files.newUpload(name + "-" + Long.toHexString(random.nextLong()));
    }

    private Path place(String owner, String id) {
        return files.ownersDirectory().resolve(owner).resolve(id);
    }

    /** Returns the number of the last state, or 0 if there is no such batch. */
    int last(String owner, String id) throws IOException {
        int last = DiskSteps.names(place(owner, id)).stream()
                .filter(name -> name.matches(NUMBER))
                .mapToInt(Integer::parseInt)
                .max()
                .orElse(0);
        if (last == 0) {
            files.requirePresent();
        }
        return last;
    }

    /** Returns true if there is a state with this number. */
    boolean has(String owner, String id, int number) throws IOException {
        if (Files.exists(place(owner, id).resolve(Integer.toString(number)))) {
            return true;
        }
        files.requirePresent();
        return false;
    }

    byte[] read(String owner, String id, int number) throws IOException {
        return Files.readAllBytes(
                place(owner, id).resolve(Integer.toString(number)).resolve(STATE));
    }

    /** Reads how far the door is that has taken over with this state, if it has said so. */
    Optional<byte[]> progress(String owner, String id, int number) throws IOException {
        try {
            return Optional.of(Files.readAllBytes(file(owner, id, number + ".progress")));
        } catch (NoSuchFileException e) {
            files.requirePresent();
            return Optional.empty();
        }
    }

    void writeProgress(String owner, String id, int number, byte[] progress) throws IOException {
        files.requirePresent();
        DiskSteps.replace(file(owner, id, number + ".progress"), progress);
    }

    /** Deletes what a batch does not need once it has ended. */
    void clean(String owner, String id) throws IOException {
        files.requirePresent();
        Path batch = place(owner, id);
        for (String name : DiskSteps.names(batch)) {
            if (!name.matches(NUMBER)) {
                Files.deleteIfExists(batch.resolve(name));
            }
        }
    }

    void remove(String owner, String id) throws IOException {
        boolean unused = files.remove(owner, id);
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

    List<String> owners() throws IOException {
        return files.owners();
    }

    void markOpen(String owner, String id) throws IOException {
        files.requirePresent();
        try {
            Files.createFile(files.openDirectory().resolve(owner + "." + id));
        } catch (FileAlreadyExistsException e) {
            return;
        }
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
