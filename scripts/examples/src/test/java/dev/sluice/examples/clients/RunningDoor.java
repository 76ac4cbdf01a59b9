package dev.sluice.examples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import dev.sluice.examples.RunningQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the packaged door with its defaults, nginx in front of it if that is installed, and the long waits. */
public final class RunningDoor implements AutoCloseable {
    /** The key of most calls. */
    static final String KEY = "sk-anybody";
    /** The key whose only request is one of the long waits. */
    static final String BUSY_KEY = "sk-busy";
    /** The key whose files come and go. */
    static final String FILES_KEY = "sk-files";

    private static final String LOG = "gateway.log";
    private static final Pattern PRINTED = Pattern.compile("http://127\\.0\\.0\\.1:([0-9]+)/v1");

    private final RunningQueue queue;
    private final Process gateway;
    private final Optional<NginxProcess> nginx;
    private final LongWaits longWaits;
    private final int port;

    /** Starts a door in front of a queue, which stays the caller's. */
    public RunningDoor(RunningQueue queue) throws IOException {
        this.queue = queue;
        Path keys = Files.writeString(
                queue.folder().resolve("door.keys"),
                "anybody " + hash(KEY) + "\nbusy " + hash(BUSY_KEY) + " max-waiting=1\nfiles " + hash(FILES_KEY) + "\n"
                        + batchesKeys());
        this.gateway = queue.sluice(
                LOG,
                "gateway",
                "--port=0",
                "--keys-file=" + keys,
                "--files-dir=" + queue.folder().resolve("files"));
        this.port = awaitPort();
        this.nginx = NginxProcess.start(queue.folder(), port);
        this.longWaits = new LongWaits(this);
    }

    /** Returns the key of a client that runs batches. Each has one of its own, since it lists them. */
    static String batchesKey(String client) {
        return "sk-batches-" + client;
    }

    private static String batchesKeys() {
        return Stream.of("node", "python", "java")
                .map(client -> "batches-" + client + " " + hash(batchesKey(client)) + "\n")
                .collect(Collectors.joining());
    }

    private static String hash(String key) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private int awaitPort() {
        Matcher found = await("the door listens")
                .atMost(Duration.ofMinutes(1))
                .until(() -> PRINTED.matcher(queue.log(LOG)), Matcher::find);
        return Integer.parseInt(found.group(1));
    }

    /** Returns the address that a client is told. */
    String baseUrl() {
        return "http://localhost:" + port + "/v1";
    }

    RunningQueue queue() {
        return queue;
    }

    Optional<NginxProcess> nginx() {
        return nginx;
    }

    LongWaits longWaits() {
        return longWaits;
    }

    @Override
    public void close() throws IOException {
        longWaits.close();
        if (nginx.isPresent()) {
            nginx.get().close();
        }
        gateway.destroyForcibly().onExit().join();
    }
}
