package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.http.ReloadedFile;
import dev.sluice.http.SecretFileEditor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The keys that callers may send, by hash. A line of the file has a name, the SHA-256 of the key in hex, and what
 * the key may do:
 *
 * <pre>
 * # NAME  HASH  [tenant=TENANT] [express] [max-waiting=N] [max-per-second=N]
 * web     9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  express max-waiting=50
 * batch   60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752  tenant=reports
 * </pre>
 *
 * <p>A key is looked up by its hash, so the time that takes tells nothing about the key. It is long and random, so a
 * plain hash of it cannot be inverted. The instance belongs to the event loop.
 */
final class DoorKeys {
    /** The form of a file of keys. What the requests of a key take of its bounds stays taken if its line stays. */
    static final ReloadedFile.Format<DoorKeys> FILE = new ReloadedFile.Format<>(
            "--keys-file", "sluice gateway key add", DoorKeys::parse, (before, now) -> now.continuing(before));

    private static final int MAX_TEXT_BYTES = 256;

    private final Map<String, Caller> byHash;

    private DoorKeys(Map<String, Caller> byHash) {
        this.byHash = byHash;
    }

    /**
     * Reads the lines of a file.
     *
     * @throws IllegalArgumentException with every problem, one in a line
     */
    static DoorKeys parse(List<String> lines) {
        List<String> problems = new ArrayList<>();
        Map<String, Caller> byHash = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                add(line.split("\\s+"), "line " + (i + 1), byHash, problems);
            }
        }
        if (byHash.isEmpty() && problems.isEmpty()) {
            problems.add("has no key, so nobody could send a request; add one with 'sluice gateway key add'");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return new DoorKeys(byHash);
    }

    /** Returns these keys, with the callers of {@code before} where the key may do the same as before. */
    DoorKeys continuing(DoorKeys before) {
        Map<String, Caller> callers = new HashMap<>(byHash);
        callers.replaceAll((hash, caller) -> {
            Caller known = before.byHash.get(hash);
            return known != null && known.mayDoSameAs(caller) ? known : caller;
        });
        return new DoorKeys(callers);
    }

    private static void add(String[] words, String where, Map<String, Caller> byHash, List<String> problems) {
        String name = words[0];
        String hash = words.length < 2 ? "" : words[1].toLowerCase(Locale.ROOT);
        if (!hash.matches("[0-9a-f]{64}")) { // the word itself may be a key that was pasted in place of its hash
            problems.add(where + ": the second word must be the SHA-256 of the key, 64 hex digits");
            return;
        }
        String tenant = name;
        boolean isExpress = false;
        int maxWaiting = Integer.MAX_VALUE;
        int maxPerSecond = Integer.MAX_VALUE;
        for (int i = 2; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            String value = pair.length < 2 ? "" : pair[1];
            switch (pair[0]) {
                case "express" -> isExpress = true;
                case "tenant" -> tenant = value;
                case "max-waiting" -> maxWaiting = count(value, where, problems);
                case "max-per-second" -> maxPerSecond = count(value, where, problems);
                default ->
                    problems.add(where + ": '" + pair[0]
                            + "' is not known; there are tenant=, express, max-waiting= and max-per-second=");
            }
        }
        if (tenant.isEmpty() || tenant.getBytes(UTF_8).length > MAX_TEXT_BYTES) {
            problems.add(where + ": a tenant has 1 to " + MAX_TEXT_BYTES + " bytes");
        }
        Caller caller = new Caller(name, tenant, isExpress, new CallerAllowance(maxWaiting, maxPerSecond));
        if (byHash.putIfAbsent(hash, caller) != null) {
            problems.add(where + ": the key of '" + name + "' is there twice");
        }
    }

    private static int count(String value, String where, List<String> problems) {
        if (value.matches("[1-9][0-9]{0,8}")) {
            return Integer.parseInt(value);
        }
        problems.add(where + ": '" + value + "' must be a number from 1 on");
        return 1;
    }

    /** Returns the owner of a key. */
    Optional<Caller> caller(String key) {
        return Optional.ofNullable(byHash.get(hash(key)));
    }

    /** Returns the hash of a key as the file has it. */
    static String hash(String key) {
        return SecretFileEditor.hash(key);
    }
}
