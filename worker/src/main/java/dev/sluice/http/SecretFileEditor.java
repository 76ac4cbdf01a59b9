package dev.sluice.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.ContentHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Adds lines to a file of secrets, of which a line has the hash alone, and removes them. A server never reads half a
 * file: the new one takes the place of the old one in one step. A new file can be read by its owner alone.
 */
public final class SecretFileEditor {
    /** Says where a secret belongs to, for people and for programs that look for secrets in public places. */
    private static final String PREFIX = "sluice-";

    private static final int SECRET_BYTES = 32;
    private static final Set<PosixFilePermission> OWNER_ALONE =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Path file;
    private final Kind kind;

    /**
     * The words for a file and its check.
     *
     * @param noun what a line is called in sentences, such as "key"
     * @param server what reads the file, such as "gateway"
     * @param check throws an {@link IllegalArgumentException} with every mistake of the lines of a file
     */
    public record Kind(String noun, String server, Consumer<List<String>> check) {}

    /** @param file the file, which is made if it does not exist */
    public SecretFileEditor(Path file, Kind kind) {
        this.file = file;
        this.kind = kind;
    }

    /** Returns the hash of a secret as files have it. */
    public static String hash(String secret) {
        return ContentHash.of(null, secret.getBytes(UTF_8));
    }

    /**
     * Adds a line with a new secret.
     *
     * @param name the first word of the line, which no other line has
     * @param line makes the line of the hash of the secret
     * @return the secret, which is kept nowhere
     * @throws IllegalArgumentException if the name is there already, or the file has a mistake
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public String add(String name, UnaryOperator<String> line, SecureRandom random) throws IOException {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        add(name, line.apply(hash(secret)));
        return secret;
    }

    /**
     * Adds a line that needs no secret.
     *
     * @param name the first word of the line, which no other line has
     * @throws IllegalArgumentException if the name is there already, or the file has a mistake
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public void add(String name, String line) throws IOException {
        edit(lines -> {
            if (lines.stream().anyMatch(each -> isOf(name, each))) {
                throw new IllegalArgumentException("there is a " + kind.noun() + " '" + name
                        + "' already; choose another name, or remove it first");
            }
            List<String> more = new ArrayList<>(lines);
            more.add(line);
            return more;
        });
    }

    /**
     * Removes a line.
     *
     * @throws IllegalArgumentException if there is none of this name, or it is the last one, without which no server
     *     reads the file
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public void remove(String name) throws IOException {
        edit(lines -> {
            List<String> fewer =
                    lines.stream().filter(line -> !isOf(name, line)).toList();
            if (fewer.size() == lines.size()) {
                throw new IllegalArgumentException("there is no " + kind.noun() + " '" + name + "'");
            }
            if (fewer.stream().noneMatch(SecretFileEditor::isUsed)) {
                throw new IllegalArgumentException("'" + name + "' is the last " + kind.noun() + ", and no "
                        + kind.server() + " takes a file without one; add another first, or stop the "
                        + kind.server());
            }
            return fewer;
        });
    }

    private static boolean isUsed(String line) {
        return !line.isBlank() && !line.strip().startsWith("#");
    }

    private static boolean isOf(String name, String line) {
        return isUsed(line) && line.strip().split("\\s+", 2)[0].equals(name);
    }

    @FunctionalInterface
    private interface LinesChange {
        List<String> of(List<String> lines);
    }

    private void edit(LinesChange change) throws IOException {
        boolean exists = Files.exists(file);
        Path target = exists ? file.toRealPath() : file.toAbsolutePath();
        Path next = target.resolveSibling(target.getFileName() + ".new");
        // Also a lock: of two that change the file at once, one is refused.
        try (FileChannel channel = create(next)) {
            List<String> lines = exists ? Files.readAllLines(target) : List.of();
            if (lines.stream().anyMatch(SecretFileEditor::isUsed)) {
                kind.check().accept(lines);
            }
            List<String> changed = change.of(lines);
            kind.check().accept(changed);
            if (exists) {
                takeOver(target, next);
            }
            ByteBuffer text = UTF_8.encode(String.join("\n", changed) + "\n");
            while (text.hasRemaining()) {
                channel.write(text);
            }
            channel.force(true);
            Files.move(next, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (FileAlreadyExistsException e) {
            throw new IOException(
                    next + " is there: another command changes the file now, or was cut off; delete it if none does",
                    e);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(next);
            throw e;
        }
    }

    private static FileChannel create(Path next) throws IOException {
        FileAttribute<Set<PosixFilePermission>> ownerAlone = PosixFilePermissions.asFileAttribute(OWNER_ALONE);
        return FileChannel.open(next, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerAlone);
    }

    /** Keeps who may read the file: the server may run as another user than whoever edits it. */
    private static void takeOver(Path target, Path next) throws IOException {
        PosixFileAttributes before = Files.readAttributes(target, PosixFileAttributes.class);
        PosixFileAttributeView view = Files.getFileAttributeView(next, PosixFileAttributeView.class);
        PosixFileAttributes now = view.readAttributes();
        if (!now.group().equals(before.group())) {
            view.setGroup(before.group());
        }
        if (!now.owner().equals(before.owner())) {
            view.setOwner(before.owner());
        }
        view.setPermissions(before.permissions());
    }
}
