package dev.sluice.console;

import dev.sluice.http.ReloadedFile;
import dev.sluice.http.SecretFileEditor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The people who may use a console, as a file names them. A line has a name, the SHA-256 of the password in hex, and
 * what the person may do, separated by commas. Everybody who is there may look:
 *
 * <pre>
 * # NAME  HASH|-  RIGHTS
 * ann     9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  look,read,act
 * proxy1  60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752  proxy
 * bob     -  look,read
 * *       -  look
 * </pre>
 *
 * <p>With the right {@code proxy} a line is no person but a proxy, which says for whom a request is. It may name every
 * line that has no such right, and {@code *} stands for everybody else whom it names. A line with {@code -} has no
 * password, so that only a proxy can name it.
 *
 * <p>A password is looked up by its hash, so the time that takes tells nothing about it. It is long and random, so a
 * plain hash of it cannot be inverted. Immutable.
 */
final class ConsoleUsers {
    /** The form of a file of users. */
    static final ReloadedFile.Format<ConsoleUsers> FILE = new ReloadedFile.Format<>(
            "--users-file", "sluice console user add", ConsoleUsers::parse, (before, now) -> now);

    static final String NO_PASSWORD = "-";
    static final String EVERYBODY_ELSE = "*";
    static final String PROXY = "proxy";

    /** The rights that a person may have. */
    static final Set<String> RIGHTS = Set.of("look", "read", "act");

    private static final String NAME = "[A-Za-z0-9._@+-]{1,64}";

    private final Map<String, Login> byHash = new HashMap<>();
    private final Map<String, ConsoleUser> byName = new HashMap<>();

    /**
     * Somebody who has sent a password.
     *
     * @param user the person, or the name of the proxy without rights
     * @param isProxy true if requests are for whom the proxy names
     */
    record Login(ConsoleUser user, boolean isProxy) {}

    private ConsoleUsers() {}

    /**
     * Reads the lines of a file.
     *
     * @throws IllegalArgumentException with every problem, one in a line
     */
    static ConsoleUsers parse(List<String> lines) {
        ConsoleUsers users = new ConsoleUsers();
        List<String> problems = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                users.add(line.split("\\s+"), "line " + (i + 1), problems);
            }
        }
        if (users.byHash.isEmpty() && problems.isEmpty()) {
            problems.add("has no user with a password, so nobody could look; add one with 'sluice console user add'");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return users;
    }

    private void add(String[] words, String where, List<String> problems) {
        String hash = words.length < 2 ? "" : words[1].toLowerCase(Locale.ROOT);
        if (!hash.matches("[0-9a-f]{64}|-")) { // the word itself may be a password that was pasted in place of its hash
            problems.add(where + ": the second word must be the SHA-256 of the password, 64 hex digits, or '-'");
            return;
        }
        String name = words[0];
        boolean hasPassword = !hash.equals(NO_PASSWORD);
        if (!isName(name) && (hasPassword || !name.equals(EVERYBODY_ELSE))) {
            problems.add(where + ": '" + name + "' is no name; it has 1 to 64 letters, digits, '.', '_', '@', '+' or"
                    + " '-', or is '*' without a password");
        }
        List<String> rights = words.length == 3 ? List.of(words[2].split(",", -1)) : List.of();
        boolean isProxy = rights.equals(List.of(PROXY)) && hasPassword;
        if (!isProxy && (rights.isEmpty() || !RIGHTS.containsAll(rights))) {
            problems.add(where + ": the third word must be the rights of '" + name + "': of look, read and act those"
                    + " that it has, with commas and no space between; or 'proxy' alone, with a password");
        }
        ConsoleUser user = new ConsoleUser(name, rights.contains("read"), rights.contains("act"));
        if (byName.putIfAbsent(name, user) != null) {
            problems.add(where + ": '" + name + "' is there twice");
        }
        if (hasPassword && byHash.putIfAbsent(hash, new Login(user, isProxy)) != null) {
            problems.add(where + ": '" + name + "' has the password of another line");
        }
        if (isProxy) {
            byName.remove(name, user);
        }
    }

    static boolean isName(String name) {
        return name.matches(NAME);
    }

    /** Returns whose password this is. */
    Optional<Login> login(String name, String password) {
        Login found = byHash.get(SecretFileEditor.hash(password));
        return Optional.ofNullable(found).filter(login -> login.user().name().equals(name));
    }

    /** Returns the person whom a proxy has named. */
    Optional<ConsoleUser> named(String name) {
        if (!isName(name)) {
            return Optional.empty();
        }
        @Nullable ConsoleUser known = byName.get(name);
        return Optional.ofNullable(known != null ? known : byName.get(EVERYBODY_ELSE))
                .map(user -> new ConsoleUser(name, user.readsBodies(), user.acts()));
    }
}
