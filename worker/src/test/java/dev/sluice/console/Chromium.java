package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Chromium without a window, steered by the DevTools protocol, which it serves itself. So a test needs no driver
 * beside it. Owned by the test's thread.
 *
 * @see <a href="https://chromedevtools.github.io/devtools-protocol/">the protocol</a>
 */
public final class Chromium implements AutoCloseable {
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome-stable", "google-chrome");
    private static final Pattern LISTENS = Pattern.compile("DevTools listening on (ws://\\S+)");
    private static final long PATIENCE_SECONDS = 30;
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Process process;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private final WebSocket socket;

    private Chromium(Process process, URI devTools) {
        this.process = process;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(devTools, new Messages())
                .join();
    }

    /** Returns the program, if one is on the path. */
    public static Optional<Path> find() {
        return NAMES.stream()
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                        .map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts a browser.
     *
     * @param profile an empty folder
     */
    public static Chromium start(Path program, Path profile) throws IOException {
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--headless=new",
                        "--no-sandbox", // it shows our own page only, and containers run tests as root
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--hide-scrollbars",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile)
                .redirectErrorStream(true)
                .start();
        BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher listens = LISTENS.matcher(line);
            if (listens.find()) {
                Thread drain = new Thread(() -> readToItsEnd(output), "chromium-output");
                drain.setDaemon(true);
                drain.start();
                return new Chromium(process, URI.create(listens.group(1)));
            }
            said.append(line).append('\n');
        }
        throw new IOException("Chromium does not start:\n" + said);
    }

    /** Reads what nobody wants, without which the browser would stop when the pipe is full. */
    private static void readToItsEnd(BufferedReader output) {
        try {
            String unread = output.readLine();
            while (unread != null) {
                unread = output.readLine();
            }
        } catch (IOException ended) {
            // The browser was stopped, and its output is closed.
        }
    }

    /** Gathers the parts of messages, and hands out the answers. */
    private final class Messages implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean isLast) {
            message.append(part);
            if (isLast) {
                JsonNode whole = JSON.readTree(message.toString());
                message.setLength(0);
                CompletableFuture<JsonNode> call = calls.remove(whole.path("id").asInt(0));
                if (call != null) {
                    call.complete(whole);
                } else {
                    events.add(whole);
                }
            }
            webSocket.request(1);
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Opens a page that is so large, and returns once it has loaded. */
    public Page open(String url, int width, int height) {
        String target = call("", "Target.createTarget", parameters().put("url", "about:blank"))
                .get("targetId")
                .asString();
        String session = call(
                        "",
                        "Target.attachToTarget",
                        parameters().put("targetId", target).put("flatten", true))
                .get("sessionId")
                .asString();
        Page page = new Page(target, session);
        List.of("Page", "Runtime", "Log", "Network").forEach(domain -> page.call(domain + ".enable", parameters()));
        // the processor time of the page, which other processes do not lengthen
        page.call("Performance.enable", parameters().put("timeDomain", "threadTicks"));
        page.resize(width, height);
        page.go(url);
        return page;
    }

    private static ObjectNode parameters() {
        return JSON.createObjectNode();
    }

    private JsonNode call(String session, String method, ObjectNode parameters) {
        int id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        calls.put(id, answer);
        ObjectNode message = parameters().put("id", id).put("method", method);
        message.set("params", parameters);
        if (!session.isEmpty()) {
            message.put("sessionId", session);
        }
        socket.sendText(message.toString(), true).join();
        JsonNode whole = answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        if (whole.has("error")) {
            throw new AssertionError(method + ": " + whole.get("error"));
        }
        return whole.get("result");
    }

    /** One tab. */
    public final class Page implements AutoCloseable {
        private final String target;
        private final String session;

        private Page(String target, String session) {
            this.target = target;
            this.session = session;
        }

        private JsonNode call(String method, ObjectNode parameters) {
            return Chromium.this.call(session, method, parameters);
        }

        void resize(int width, int height) {
            JsonNode unused = call(
                    "Emulation.setDeviceMetricsOverride",
                    parameters()
                            .put("width", width)
                            .put("height", height)
                            .put("deviceScaleFactor", 1)
                            .put("mobile", false));
        }

        void go(String url) {
            JsonNode unused = call("Page.navigate", parameters().put("url", url));
            await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                    .until(() -> evaluate("location.href !== 'about:blank' && document.readyState === 'complete'")
                            .asBoolean());
        }

        /** Sets media features, such as {@code prefers-color-scheme} to {@code dark}. */
        void media(Map<String, String> features) {
            ObjectNode parameters = parameters();
            ArrayNode each = parameters.putArray("features");
            features.forEach((name, value) -> each.addObject().put("name", name).put("value", value));
            JsonNode unused = call("Emulation.setEmulatedMedia", parameters);
        }

        /** Returns the value of an expression, whose promise is awaited. */
        public JsonNode evaluate(String expression) {
            JsonNode result = call(
                    "Runtime.evaluate",
                    parameters()
                            .put("expression", expression)
                            .put("returnByValue", true)
                            .put("awaitPromise", true));
            if (result.has("exceptionDetails")) {
                throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
            }
            return result.at("/result/value");
        }

        /** Returns the text that a person sees in the first element of a selector. */
        public String text(String selector) {
            return evaluate("document.querySelector(" + JSON.writeValueAsString(selector) + ")?.innerText ?? ''")
                    .asString("");
        }

        /** Presses a key once, as a person does. */
        void press(String key, int code) {
            for (String type : List.of("keyDown", "keyUp")) {
                ObjectNode event = parameters()
                        .put("type", type)
                        .put("key", key)
                        .put("code", key)
                        .put("windowsVirtualKeyCode", code);
                if (key.equals("Enter")) {
                    event.put("text", "\r");
                }
                JsonNode unused = call("Input.dispatchKeyEvent", event);
            }
        }

        void type(String text) {
            JsonNode unused = call("Input.insertText", parameters().put("text", text));
        }

        /** Writes what the whole page looks like into a file. */
        public void screenshot(Path file) throws IOException {
            screenshot(file, Integer.MAX_VALUE);
        }

        /** Writes what the top of the page looks like into a file, so many pixels of it. */
        void screenshot(Path file, int height) throws IOException {
            JsonNode size = call("Page.getLayoutMetrics", parameters()).get("cssContentSize");
            ObjectNode parameters = parameters().put("captureBeyondViewport", true);
            parameters
                    .putObject("clip")
                    .put("x", 0)
                    .put("y", 0)
                    .put("width", size.get("width").asDouble())
                    .put("height", Math.min(height, size.get("height").asDouble()))
                    .put("scale", 1);
            String data = call("Page.captureScreenshot", parameters).get("data").asString();
            Files.createDirectories(file.getParent());
            Files.write(file, Base64.getDecoder().decode(data));
        }

        /** Returns a number of the browser's own, such as {@code TaskDuration}, the seconds that it has worked. */
        double metric(String name) {
            for (JsonNode metric : call("Performance.getMetrics", parameters()).get("metrics")) {
                if (metric.get("name").asString().equals(name)) {
                    return metric.get("value").asDouble();
                }
            }
            throw new AssertionError("the browser has no metric " + name);
        }

        /** Returns the parameters of the events of a kind so far. */
        List<JsonNode> events(String method) {
            return events.stream()
                    .filter(event -> event.path("sessionId").asString("").equals(session))
                    .filter(event -> event.path("method").asString("").equals(method))
                    .map(event -> event.get("params"))
                    .toList();
        }

        /** Returns what the browser has complained of: exceptions, and whatever the policy of the page forbids. */
        public List<JsonNode> complaints() {
            return Stream.of("Runtime.exceptionThrown", "Log.entryAdded")
                    .flatMap(method -> events(method).stream())
                    .filter(event -> !event.at("/entry/source").asString("").equals("network"))
                    .toList();
        }

        @Override
        public void close() {
            JsonNode unused =
                    Chromium.this.call("", "Target.closeTarget", parameters().put("targetId", target));
        }
    }

    @Override
    public void close() {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly()
                .onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
    }
}
