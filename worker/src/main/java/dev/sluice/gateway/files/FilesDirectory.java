package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The layout of {@code --files-dir} and the steps by which it changes. Each step is one rename, so a process that dies,
 * or another one that works here, leaves and sees whole things only. Thread-safe.
 *
 * <pre>
 * sluice-files              says that the volume is there, and the version of this layout
 * uploads/ID/               what is being received
 * owners/OWNER/ID/          a stored file: content, and file.json
 * removed/ID/               what is being deleted
 * identity/NAME             the name of this directory, which it has from its first door on
 * </pre>
 */
final class FilesDirectory {
    private static final String VERSION = "1";
    private static final String CONTENT = "content";
    private static final String DESCRIPTION = "file.json";

    private final Path root;
    private final Path marker;
    private final Path uploads;
    private final Path owners;
    private final Path removed;
    private final Path open;

    private FilesDirectory(Path root) {
        this.root = root;
        this.marker = root.resolve("sluice-files");
        this.uploads = root.resolve("uploads");
        this.owners = root.resolve("owners");
        this.removed = root.resolve("removed");
        this.open = root.resolve("open");
    }

    /**
     * Opens the directory, and prepares one that is empty or not there.
     *
     * @throws IOException if it cannot be used; its message names the directory
     */
    static FilesDirectory open(Path root) throws IOException {
        FilesDirectory directory = new FilesDirectory(root.toAbsolutePath().normalize());
        directory.prepare();
        return directory;
    }

    private void prepare() throws IOException {
        try {
            Files.createDirectories(root, DiskSteps.attributes(root));
            if (Files.notExists(marker)) {
                requireEmpty();
                writeMarker();
            }
            String version = Files.readString(marker).strip();
            if (!version.equals(VERSION)) {
                throw new IOException(root + " was written by another release of sluice (layout '" + version
                        + "', this one knows '" + VERSION + "')");
            }
            for (Path each : List.of(uploads, owners, removed, open)) {
                DiskSteps.create(each);
            }
            DiskSteps.deleteTree(Files.createTempDirectory(uploads, "check")); // finds out what may not be written to
        } catch (FileAlreadyExistsException | NotDirectoryException e) {
            throw new IOException(root + " is no directory", e);
        }
    }

    /** A directory with other files in it was named by mistake. */
    private void requireEmpty() throws IOException {
        try (Stream<Path> files = Files.list(root)) {
            Optional<Path> foreign = files.filter(
                            each -> !each.getFileName().toString().matches("lost\\+found|\\..*"))
                    .findFirst();
            if (foreign.isPresent()) {
                throw new IOException(root + " has other files, such as "
                        + foreign.get().getFileName() + "; name an empty directory");
            }
        }
    }

    /** Two doors that start at the same moment write the same. */
    private void writeMarker() throws IOException {
        Path draft = Files.createTempFile(root, ".sluice-files", "");
        Files.writeString(draft, VERSION, StandardOpenOption.SYNC);
        Files.move(draft, marker, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** @throws FilesAwayException if the directory is not the one that was opened */
    void requirePresent() throws IOException {
        if (!Files.exists(marker)) {
            throw new FilesAwayException(root);
        }
    }

    /** Returns a name that this directory has for all who use it, and no other directory. */
    String identity(RandomGenerator random) throws IOException {
        requirePresent();
        Path identity = root.resolve("identity");
        if (Files.notExists(identity)) {
            Path draft = newUpload("identity-" + Long.toHexString(random.nextLong()));
            Files.createFile(draft.resolve(String.format("%016x", random.nextLong())));
            if (!DiskSteps.moveUnlessTaken(draft, identity)) {
                DiskSteps.deleteTree(draft);
            }
        }
        return DiskSteps.names(identity).stream()
                .findFirst()
                .orElseThrow(() -> new IOException(identity + " has no name in it; remove it"));
    }

    /** Returns the directory that has one for each owner. */
    Path ownersDirectory() {
        return owners;
    }

    /** Returns the directory that says which batches have not come to an end. */
    Path openDirectory() {
        return open;
    }

    /** Makes the directory in which a file with this id is received. */
    Path newUpload(String id) throws IOException {
        requirePresent();
        Path upload = uploads.resolve(id);
        DiskSteps.create(upload);
        return upload;
    }

    /** Returns where the bytes of a file go that is received in this directory. */
    static Path content(Path upload) {
        return upload.resolve(CONTENT);
    }

    /** Makes a received file visible to its owner, safe from a power failure. */
    void publish(Path upload, String owner, StoredFile file) throws IOException {
        DiskSteps.writeForced(upload.resolve(DESCRIPTION), file.bytesOfJson());
        DiskSteps.force(upload);
        requirePresent();
        DiskSteps.createForced(owners.resolve(owner));
        Files.move(upload, place(owner, file.id()), StandardCopyOption.ATOMIC_MOVE);
        DiskSteps.force(owners.resolve(owner));
    }

    /**
     * Makes a file visible to its owner whose bytes are always the same.
     *
     * @return false if it was visible already
     */
    boolean publishOnce(Path upload, String owner, StoredFile file) throws IOException {
        DiskSteps.writeForced(upload.resolve(DESCRIPTION), file.bytesOfJson());
        DiskSteps.force(upload);
        requirePresent();
        DiskSteps.createForced(owners.resolve(owner));
        return DiskSteps.moveUnlessTaken(upload, place(owner, file.id()));
    }

    /**
     * Keeps the bytes of a file under another name as well.
     *
     * @throws NoSuchFileException if there is no such file
     */
    void keep(String owner, String id, Path name) throws IOException {
        DiskSteps.keep(content(place(owner, id)), name);
    }

    private Path place(String owner, String id) {
        return owners.resolve(owner).resolve(id);
    }

    /** Reads the description of a file, if there is one. */
    Optional<StoredFile> read(String owner, String id) throws IOException {
        try {
            return Optional.of(
                    StoredFile.parse(Files.readAllBytes(place(owner, id).resolve(DESCRIPTION))));
        } catch (NoSuchFileException e) {
            requirePresent();
            return Optional.empty();
        }
    }

    /** Opens the bytes of a file. They can be read to the end even if the file is deleted meanwhile. */
    Optional<FileChannel> channel(String owner, String id) throws IOException {
        try {
            return Optional.of(FileChannel.open(content(place(owner, id)), StandardOpenOption.READ));
        } catch (NoSuchFileException e) {
            requirePresent();
            return Optional.empty();
        }
    }

    /** Returns the ids of the owner's files, the latest first. */
    List<String> ids(String owner) throws IOException {
        return names(owners.resolve(owner)).stream()
                .filter(StoredIds::isFile)
                .sorted(Comparator.reverseOrder())
                .toList();
    }

    List<String> owners() throws IOException {
        return names(owners);
    }

    /** Returns the names in a directory, and none if it is not there. */
    private List<String> names(Path directory) throws IOException {
        List<String> names = DiskSteps.names(directory);
        if (names.isEmpty()) {
            requirePresent();
        }
        return names;
    }

    /** Takes a file away from its owner. Returns false if it was not there. */
    boolean remove(String owner, String id) throws IOException {
        requirePresent();
        Path away = removed.resolve(id);
        try {
            Files.move(place(owner, id), away, StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException e) {
            return false;
        }
        DiskSteps.force(owners.resolve(owner));
        DiskSteps.deleteTree(away);
        return true;
    }

    /**
     * Deletes what processes that have died were receiving or deleting.
     *
     * @param uploadsOlderThan the time without a byte after which nobody goes on with an upload. It is told by the
     *     volume's own clock.
     */
    void deleteLeftovers(Duration uploadsOlderThan) throws IOException {
        requirePresent();
        for (String each : names(removed)) {
            DiskSteps.deleteTree(removed.resolve(each));
        }
        Path probe = Files.createTempDirectory(uploads, "clock");
        FileTime now = Files.getLastModifiedTime(probe);
        DiskSteps.deleteTree(probe);
        for (String each : names(uploads)) {
            Path upload = uploads.resolve(each);
            Optional<FileTime> last = lastWrite(upload);
            if (last.isPresent() && now.toMillis() - last.get().toMillis() > uploadsOlderThan.toMillis()) {
                DiskSteps.deleteTree(upload);
            }
        }
    }

    /** Returns when something in a directory was written last, or nothing if it has gone meanwhile. */
    private static Optional<FileTime> lastWrite(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            FileTime last = Files.getLastModifiedTime(directory);
            for (Path each : files.toList()) {
                FileTime time = Files.getLastModifiedTime(each);
                last = time.compareTo(last) > 0 ? time : last;
            }
            return Optional.of(last);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
