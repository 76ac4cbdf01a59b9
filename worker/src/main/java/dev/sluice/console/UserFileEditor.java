package dev.sluice.console;

import dev.sluice.http.SecretFileEditor;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;

/** Adds users to the file of users of a console, and removes them. */
public final class UserFileEditor {
    private final SecretFileEditor editor;

    /** @param file the file; it is made if it does not exist */
    public UserFileEditor(Path file) {
        this.editor = new SecretFileEditor(file, new SecretFileEditor.Kind("user", "console", ConsoleUsers::parse));
    }

    /**
     * Adds a user with a new password.
     *
     * @param rights what the file has as rights
     * @return the password, which is kept nowhere
     * @throws IllegalArgumentException if the name is there already, the rights are not known, or the file has a
     *     mistake
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public String add(String name, String rights, SecureRandom random) throws IOException {
        return editor.add(name, hash -> name + " " + hash + " " + rights, random);
    }

    /**
     * Adds a user whom only a proxy can name, or {@code *} for everybody else whom it names.
     *
     * @throws IllegalArgumentException as {@link #add}
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public void addWithoutPassword(String name, String rights) throws IOException {
        editor.add(name, name + " " + ConsoleUsers.NO_PASSWORD + " " + rights);
    }

    /**
     * Removes a user.
     *
     * @throws IllegalArgumentException if there is none of this name, or it is the last one
     * @throws IOException if the file cannot be written; it is as it was then
     */
    public void remove(String name) throws IOException {
        editor.remove(name);
    }
}
