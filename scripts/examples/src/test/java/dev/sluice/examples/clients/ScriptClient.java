package dev.sluice.examples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** A library for Node or Python. All calls are made by one script in one process. */
final class ScriptClient implements DoorClient {
    /** The folders into which .ci/run installs the libraries. */
    private static final Path NPM = Path.of("target", "npm");

    private static final Path PYTHON = Path.of("target", "python", "bin", "python3");
    private static final long PATIENCE_SECONDS = 90;

    private final String name;
    private final List<String> command;
    private final Path folder;

    private ScriptClient(String name, List<String> command, Path folder) {
        this.name = name;
        this.command = command;
        this.folder = folder;
    }

    /** Returns a library of npm, or nothing if it is not installed. */
    static Optional<DoorClient> node(String library, Path folder) throws IOException, InterruptedException {
        return node(library, folder, "calls.mjs").map(client -> client);
    }

    /** Returns a script that uses a library of npm, or nothing if that is not installed. */
    static Optional<ScriptClient> node(String library, Path folder, String name)
            throws IOException, InterruptedException {
        if (!Files.exists(NPM.resolve("node_modules").resolve(library)) || !runs(List.of("node", "-v"))) {
            return Optional.empty();
        }
        // Node looks for modules beside a script.
        Path script = copy(name, NPM);
        return Optional.of(new ScriptClient(library, List.of("node", script.toString(), library), folder));
    }

    /** Returns OpenAI's library for Python, or nothing if it is not installed. */
    static Optional<DoorClient> python(Path folder) throws IOException, InterruptedException {
        return python(folder, "calls.py").map(client -> client);
    }

    /** Returns a script that uses OpenAI's library for Python, or nothing if that is not installed. */
    static Optional<ScriptClient> python(Path folder, String name) throws IOException, InterruptedException {
        for (String python : List.of(PYTHON.toString(), "python3", "/usr/bin/python3")) {
            if (runs(List.of(python, "-c", "import openai"))) {
                Path script = copy(name, folder);
                return Optional.of(new ScriptClient("openai-python", List.of(python, script.toString()), folder));
            }
        }
        return Optional.empty();
    }

    private static boolean runs(List<String> command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException noSuchProgram) {
            return false;
        }
    }

    private static Path copy(String script, Path folder) throws IOException {
        Path copy = folder.resolve(script);
        try (InputStream source = ScriptClient.class.getResourceAsStream("/clients/" + script)) {
            Files.write(copy, source.readAllBytes());
        }
        return copy;
    }

    @Override
    public String name() {
        return name;
    }

    /** Node's tell the time-out of a request only, and not that of all, and Python's counts from byte to byte. */
    @Override
    public boolean tellsTimeout() {
        return false;
    }

    @Override
    public String exception(int status) {
        return switch (status) {
            case 400 -> "BadRequestError";
            case 401 -> "AuthenticationError";
            case 404 -> "NotFoundError";
            case 429 -> "RateLimitError";
            default -> "InternalServerError";
        };
    }

    @Override
    public Map<String, String> run(List<DoorCall> calls) throws Exception {
        return run(json(calls));
    }

    /** Runs the script with a file that has this text, and returns what it prints. */
    Map<String, String> run(String json) throws Exception {
        Path file = Files.createTempFile(folder, name, ".json");
        Files.writeString(file, json, UTF_8);
        List<String> whole = new ArrayList<>(command);
        whole.add(file.toString());
        Path out = Files.createTempFile(folder, name, ".out");
        Path err = Files.createTempFile(folder, name, ".err");
        Process process = new ProcessBuilder(whole)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0)
                    .as("%s ends well: %s", name, Files.readString(err))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        Map<String, String> outcomes = new LinkedHashMap<>();
        JsonMapper.shared()
                .readTree(Files.readString(out))
                .properties()
                .forEach(outcome -> outcomes.put(
                        outcome.getKey(), outcome.getValue().stringValue().strip()));
        return outcomes;
    }

    private static String json(List<DoorCall> calls) {
        ArrayNode array = JsonMapper.shared().createArrayNode();
        for (DoorCall call : calls) {
            array.addObject()
                    .put("name", call.name())
                    .put("model", call.model())
                    .put("baseUrl", call.baseUrl())
                    .put("key", call.key())
                    .put("timeoutMillis", call.timeout().toMillis())
                    .put("retries", call.retries())
                    .put("text", call.text())
                    .put("stream", call.isStream())
                    .put("tool", call.hasTool() ? DoorCall.TOOL : null);
        }
        return array.toString();
    }
}
