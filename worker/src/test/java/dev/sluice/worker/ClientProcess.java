package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** Runs a foreign client beside the test and collects what it prints. Owned by the test's thread. */
final class ClientProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Process process;
    private final Path out;
    private final Path err;

    private ClientProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts a program without standard input.
     *
     * @param folder the folder for its output
     * @throws IOException if there is no such program, or it cannot be started
     */
    static ClientProcess start(Path folder, List<String> command) throws IOException {
        Path out = Files.createTempFile(folder, "client", ".out");
        Path err = Files.createTempFile(folder, "client", ".err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        process.getOutputStream().close();
        return new ClientProcess(process, out, err);
    }

    /** Returns whether there is such a program and it exits with 0. */
    static boolean runs(Path folder, List<String> command) throws InterruptedException {
        try (ClientProcess client = start(folder, command)) {
            return client.endsWell();
        } catch (IOException noSuchProgram) {
            return false;
        }
    }

    /** Waits until the program has exited with 0. */
    void awaitEnd() throws InterruptedException {
        if (!endsWell()) {
            throw failure("the client has not ended well", null);
        }
    }

    /** Waits for a line in which {@code regex} is found. Returns that line and the next {@code more} lines. */
    List<String> awaitLines(String regex, int more) {
        Predicate<String> wanted = Pattern.compile(regex).asPredicate();
        try {
            return await().atMost(PATIENCE).until(() -> lines(wanted, more), found -> found.size() == 1 + more);
        } catch (ConditionTimeoutException never) {
            throw failure("the client has not printed '" + regex + "'", never);
        }
    }

    /** Returns all that it has printed so far. */
    String output() {
        return read(out);
    }

    /** Kills the program and its children. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    private boolean endsWell() throws InterruptedException {
        return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    /** Returns the complete lines. */
    private List<String> lines(Predicate<String> wanted, int more) {
        String text = read(out);
        List<String> lines =
                text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        return IntStream.range(0, lines.size())
                .filter(line -> wanted.test(lines.get(line)))
                .mapToObj(line -> lines.subList(line, Math.min(lines.size(), line + 1 + more)))
                .findFirst()
                .orElse(List.of());
    }

    private AssertionError failure(String what, @Nullable Throwable cause) {
        return new AssertionError(what + "; its output:\n" + read(out) + "\nits errors:\n" + read(err), cause);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
