package dev.sluice.gateway.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** The steps of which changes on a shared volume are made. Stateless. */
final class DiskSteps {
    private DiskSteps() {}

    /** Creates a directory that only this user may read, unless it is there. */
    static void create(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, attributes(directory));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /** Creates a directory like {@link #create}, and makes the name of a new one safe from a power failure. */
    static void createForced(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            create(directory);
            force(directory.getParent());
        }
    }

    /** Prompts and answers are nobody else's business. */
    static FileAttribute<?>[] attributes(Path directory) {
        return directory.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Writes a new file, safe from a power failure. */
    static void writeForced(Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
            channel.force(true);
        }
    }

    /** Makes the names in a directory safe from a power failure. */
    static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Gives a directory that is not empty another name. Of several processes that do so with one name, one succeeds.
     *
     * @return false if the name is taken
     */
    static boolean moveUnlessTaken(Path directory, Path name) throws IOException {
        try {
            Files.move(directory, name, StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) {
            // POSIX: a directory replaces an empty one only, and each that has such a name has something in it
            if (Files.exists(name)) {
                return false;
            }
            throw e;
        }
        force(name.getParent());
        return true;
    }

    /** Returns the names in a directory, and none if it is not there. */
    static List<String> names(Path directory) throws IOException {
        try (Stream<Path> found = Files.list(directory)) {
            return found.map(each -> each.getFileName().toString()).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Replaces a file as a whole, safe from a power failure. */
    static void replace(Path file, byte[] bytes) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".draft");
        Files.deleteIfExists(draft);
        writeForced(draft, bytes);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(file.getParent());
    }

    /**
     * Keeps a file that never changes under another name as well, whatever becomes of its own.
     *
     * @throws NoSuchFileException if it is not there
     */
    static void keep(Path file, Path name) throws IOException {
        try {
            Files.createLink(name, file);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.copy(file, name); // a volume without links
        }
    }

    /** Deletes a directory and all that is in it. What is gone already is no error. */
    static void deleteTree(Path directory) throws IOException {
        for (String each : names(directory)) {
            Path inside = directory.resolve(each);
            if (Files.isDirectory(inside, LinkOption.NOFOLLOW_LINKS)) {
                deleteTree(inside);
            } else {
                Files.deleteIfExists(inside);
            }
        }
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            throw new IOException(directory + " is still being written to", e);
        }
    }
}
