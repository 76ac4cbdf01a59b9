package dev.sluice.gateway;

import dev.sluice.http.SecretFileEditor;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.OptionalInt;

/** Adds keys to the file of keys of a door, and removes them. */
public final class KeyFileEditor {
    private final SecretFileEditor editor;

    /** @param file the file; {@link #add} makes it if it does not exist */
    public KeyFileEditor(Path file) {
        this.editor = new SecretFileEditor(file, new SecretFileEditor.Kind("key", "gateway", DoorKeys::parse));
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
        return editor.add(grant.name(), grant::line, random);
    }

    /**
     * Removes a key.
     *
     * @throws IllegalArgumentException if there is none of this name, or it is the last one
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public void remove(String name) throws IOException {
        editor.remove(name);
    }
}
