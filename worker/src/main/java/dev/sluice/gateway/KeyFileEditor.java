package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Adds keys to the file of keys of a door, and removes them. A door never reads half a file: the new one takes the
 * place of the old one in one step. A new file can be read by its owner alone.
 */
public final class KeyFileEditor {
    /** Says where a key belongs to, for people and for programs that look for secrets in public places. */
    private static final String PREFIX = "sluice-";

    private static final int KEY_BYTES = 32;
    private static final Set<PosixFilePermission> OWNER_ALONE =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Path file;

    /** @param file the file; {@link #add} makes it if it does not exist */
    public KeyFileEditor(Path file) {
        this.file = file;
    }

    /**
     * The rights of a key.
     *
     * @param name the name of the key, which no other key of the file has
     * @param tenant the tenant of its requests, if that is not the name
     */
    public record Grant(
            String name, Optional<String> tenant, boolean isExpress, OptionalInt maxWaiting, OptionalInt maxPerSecond) {
        private String line(String hash) {
            StringBuilder line = new StringBuilder(name).append(' ').append(hash);
            tenant.ifPresent(of -> line.append(" tenant=").append(of));
            if (isExpress) {
                line.append(" express");
            }
            maxWaiting.ifPresent(max -> line.append(" max-waiting=").append(max));
            maxPerSecond.ifPresent(max -> line.append(" max-per-second=").append(max));
            return line.toString();
        }
    }

    /**
     * Adds a new key.
     *
     * @return the key, which is kept nowhere
     * @throws IllegalArgumentException if the name is there already, or the file has a mistake
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public String add(Grant grant, SecureRandom random) throws IOException {
        byte[] bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        edit(lines -> {
            if (lines.stream().anyMatch(line -> isOf(grant.name(), line))) {
                throw new IllegalArgumentException("there is a key '" + grant.name()
                        + "' already; choose another name (two keys may have the same tenant), or remove it first");
            }
            List<String> more = new ArrayList<>(lines);
            more.add(grant.line(DoorKeys.hash(key)));
            return more;
        });
        return key;
    }

    /**
     * Removes a key.
     *
     * @throws IllegalArgumentException if there is none of this name, or it is the last one, without which no door
     *     reads the file
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public void remove(String name) throws IOException {
        edit(lines -> {
            List<String> fewer =
                    lines.stream().filter(line -> !isOf(name, line)).toList();
            if (fewer.size() == lines.size()) {
                throw new IllegalArgumentException("there is no key '" + name + "'");
            }
            if (fewer.stream().noneMatch(KeyFileEditor::isKey)) {
                throw new IllegalArgumentException("'" + name + "' is the last key, and a door does not take a file"
                        + " without one; add another key first, or stop the door");
            }
            return fewer;
        });
    }

    private static boolean isKey(String line) {
        return !line.isBlank() && !line.strip().startsWith("#");
    }

    private static boolean isOf(String name, String line) {
        return isKey(line) && line.strip().split("\\s+", 2)[0].equals(name);
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
            if (lines.stream().anyMatch(KeyFileEditor::isKey)) {
                DoorKeys.parse(lines);
            }
            List<String> changed = change.of(lines);
            DoorKeys.parse(changed);
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
                    next + " is there: another command changes the keys now, or was cut off; delete it if none does",
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

    /** Keeps who may read the file: a door may run as another user than whoever adds keys. */
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
