package dev.sluice.examples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The result of a request that curl has sent.
 *
 * @param exit its exit code: 0 for a whole answer, whatever its status, and 18 or 56 for one that was cut off
 * @param output the heads of all answers, the body, and a line with the status and the seconds it took
 * @param trace what curl says of the connection
 */
record CurlProcess(int exit, String output, String trace) {
    /** Posts a chat request with a key and more arguments. */
    static CompletableFuture<CurlProcess> post(Path folder, String baseUrl, String key, String body, String... more)
            throws IOException {
        Path sent = Files.writeString(Files.createTempFile(folder, "curl", ".json"), body, UTF_8);
        Path out = Files.createTempFile(folder, "curl", ".out");
        Path err = Files.createTempFile(folder, "curl", ".err");
        List<String> command = new ArrayList<>(List.of(
                "curl", "-s", "-v", "-i", "-N", "--max-time", "150", "-w", "\n%{http_code} %{time_total}", "-H"));
        command.addAll(List.of("Authorization: Bearer " + key, "-H", "Content-Type: application/json"));
        command.addAll(List.of(more));
        command.addAll(List.of("--data-binary", "@" + sent, baseUrl + "/chat/completions"));
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return process.onExit().thenApply(ended -> new CurlProcess(ended.exitValue(), read(out), read(err)));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Returns the status and the seconds that the request took. */
    String[] statusAndSeconds() {
        return output.substring(output.lastIndexOf('\n') + 1).split(" ");
    }

    double seconds() {
        return Double.parseDouble(statusAndSeconds()[1]);
    }

    int status() {
        return Integer.parseInt(statusAndSeconds()[0]);
    }
}
