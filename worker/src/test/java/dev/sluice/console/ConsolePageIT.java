package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.sluice.worker.pool.CallsReport;
import dev.sluice.worker.pool.LaneReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Looks at the page in a real Chromium, with a queue in memory. Its screenshots lie in {@code target/console}. It is
 * skipped where no Chromium is installed, and the rules for accessibility where there is no axe-core.
 */
@Timeout(120)
class ConsolePageIT {
    private static final Path SCREENSHOTS = Path.of("target", "console");
    /** The file that .ci/run installs. */
    private static final Path AXE = Path.of("target", "npm", "node_modules", "axe-core", "axe.min.js");

    private static final int WIDE = 1_600;
    private static final int NARROW = 400;
    private static final int MANUAL = 1_200;
    private static final int HEIGHT = 1_000;
    private static final int MAX_BYTES = 300_000;

    @TempDir
    private static Path profile;

    private static Chromium chromium;

    @TempDir
    private Path folder;

    private final SampleQueue queue = new SampleQueue();
    private final QueueAccess access = SampleQueue.withoutKafka();
    private Console console;

    @BeforeAll
    static void startBrowser() throws IOException {
        chromium = browser(profile);
    }

    /** Starts a browser, or skips the test where there is none. */
    static Chromium browser(Path emptyFolder) throws IOException {
        Optional<Path> program = Chromium.find();
        if (program.isEmpty()) {
            skip("chromium is not installed; 'apt-get install chromium' on Debian");
        }
        return Chromium.start(program.orElseThrow(), emptyFolder);
    }

    @AfterAll
    static void stopBrowser() {
        if (chromium != null) {
            chromium.close();
        }
    }

    /** Skips and prints the reason, because Maven only counts skipped tests. */
    private static void skip(String reason) {
        System.out.println("Skipped in ConsolePageIT: " + reason);
        abort(reason);
    }

    @BeforeEach
    void keepAnHour() throws IOException {
        Files.writeString(folder.resolve("history"), hour(0.1));
    }

    @AfterEach
    void stop() {
        access.admin().close(Duration.ZERO);
        if (console != null) {
            console.close();
        }
    }

    /** Returns an hour in which a limit was met, an API failed for some minutes, and the console was away for a few. */
    private static String hour(double rejectedNow) {
        long now = System.currentTimeMillis();
        StringBuilder lines = new StringBuilder();
        for (int i = 359; i > 0; i--) {
            if (i > 200 && i < 215) {
                continue;
            }
            boolean fails = i > 90 && i < 130;
            double answered = fails ? 0.4 : 38 + 2 * Math.sin(i / 7.0);
            double rejected = i < 60 ? rejectedNow * (1 + Math.sin(i / 3.0) / 3) : i % 40 < 4 ? 1.2 : 0.1;
            double failed = fails ? 3 + Math.cos(i) : 0;
            long waiting = fails ? 1_200 + (130 - i) * 60L : Math.max(0, 1_200 + (i < 90 ? (i - 45) * 40L : 0));
            lines.append(new QueueSample(
                                    now - i * 10_000L, new CallRates.PerSecond(answered, rejected, failed), waiting, 3)
                            .json())
                    .append('\n');
        }
        return lines.toString();
    }

    /** Starts the console, whose first reading is of the queue as the test has set it, and opens the page. */
    private Chromium.Page open(int width) {
        console = Console.start(ConsoleConfig.ofLoopback(0, folder.resolve("history")), queue, access);
        Chromium.Page page = chromium.open("http://localhost:" + console.port() + "/", width, HEIGHT);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> page.text("#link-word").equals("Live"));
        return page;
    }

    private void flow() {
        queue.lanes(
                        SampleQueue.lane("meta-llama/Llama-3.3-70B-Instruct-Turbo", "limited", "", 1_204, 38, 39.6),
                        SampleQueue.lane("openai/gpt-oss-120b", "flowing", "", 0, 6, 5.2),
                        SampleQueue.lane("openai/gpt-oss-20b", "flowing", "", 0, 3, 12.9),
                        SampleQueue.lane("Qwen/Qwen3-Next-80B-A3B-Instruct", "full", "", 14, 64, 21.4))
                .waiting(1_331, 3);
    }

    private static final LaneReport HELD =
            SampleQueue.lane("openai/gpt-oss-20b", "held", "401 invalid_api_key", 4_812, 0, 0);

    @Test
    void whatFlowsIsSeenAtOnce() throws Exception {
        flow();
        try (Chromium.Page page = open(WIDE)) {
            assertThat(page.text("#verdict-word")).isEqualTo("Flows at the limit");
            assertThat(page.text("#n-waiting")).isEqualTo("1,331");
            assertThat(page.text("#n-waiting-more")).startsWith("oldest for 3m 1");
            assertThat(page.text("#lanes-table tbody tr:nth-child(1)"))
                    .contains("meta-llama/Llama-3.3-70B-Instruct-Turbo", "at its limit", "39.6 of 40/s, told", "1,204");
            assertThat(page.text("#workers-table")).contains("worker-a", "host-1", "6 of 12", "300 of 768 MiB", "3h ");
            assertThat(page.text("#backlog-table")).contains("New requests", "Delayed by 10s", "Dead letters");

            looksWell(page, "flows");
        }
    }

    /** Others have spent most of the limit in the storm. */
    @Test
    void numbersFollowTheQueueAndPlotsTheHourOfARateLimitStorm() throws Exception {
        Files.writeString(folder.resolve("history"), hour(18));
        flow();
        try (Chromium.Page page = open(WIDE)) {
            assertThat(page.evaluate("document.querySelector('#plot-answers canvas').ariaLabel")
                            .asString())
                    .startsWith("Answers per second, the last hour: answers/s ")
                    .contains("40.0 at most");
            queue.change(now -> now.lanes(
                            SampleQueue.lane("meta-llama/Llama-3.3-70B-Instruct-Turbo", "limited", "", 1_204, 38, 39.6),
                            SampleQueue.lane("openai/gpt-oss-120b", "limited", "", 611, 9, 38.1),
                            SampleQueue.lane("openai/gpt-oss-20b", "flowing", "", 0, 3, 12.9),
                            SampleQueue.lane("Qwen/Qwen3-Next-80B-A3B-Instruct", "full", "", 14, 64, 21.4))
                    .calls(new CallsReport(150, 66, 0))
                    .waiting(2_000, 3));

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !page.text("#n-answered").equals("0.0"));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> page.text("#n-waiting").equals("2,000"));
            assertThat(page.text("#verdict-more")).startsWith("2 models have more requests than the rate limit");
            looksWell(page, "storm");
            forTheManual(page, "console-now", "light", 2 * HEIGHT);
        }
    }

    @Test
    void aRevokedKeyIsSaidWithItsRemedy() throws Exception {
        queue.lanes(HELD).waiting(4_812, 3);
        try (Chromium.Page page = open(WIDE)) {
            assertThat(page.text("#verdict-word")).isEqualTo("Nothing flows");
            assertThat(page.text("#troubles"))
                    .contains("openai/gpt-oss-20b is stopped", "401 invalid_api_key", "The API key was revoked");
            assertThat(page.evaluate("document.querySelector('#troubles a').hash")
                            .asString())
                    .isEqualTo("#dead-letters=openai%2Fgpt-oss-20b");
            assertThat(page.text("#lanes-table tbody")).contains("stopped: the API serves nobody", "--api-key-file");

            looksWell(page, "revoked-key");
        }
    }

    @Test
    void oneStoppedModelAmongOthersComesFirst() throws Exception {
        queue.lanes(
                        SampleQueue.lane("a/first-by-name", "flowing", "", 0, 3, 12.9),
                        SampleQueue.lane("z/last-by-name", "open", "503 from the API", 310, 1, 0.1))
                .waiting(310, 3);
        try (Chromium.Page page = open(WIDE)) {
            assertThat(page.text("#verdict-word")).isEqualTo("1 of 2 models is stopped");
            assertThat(page.text("#lanes-table tbody tr:nth-child(1)")).contains("z/last-by-name");
            looksWell(page, "outage");
        }
    }

    @Test
    void anEmptyQueueAndOneWithoutWorkersSaySo() throws Exception {
        try (Chromium.Page page = open(WIDE)) {
            assertThat(page.text("#verdict-word")).isEqualTo("Idle");
            assertThat(page.text("#lanes-empty")).contains("No model has anything to do");
            looksWell(page, "idle");
            queue.workers().waiting(12, 0);

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> page.text("#verdict-word").equals("No worker runs"));
            assertThat(page.text("#verdict-more")).isEqualTo("12 requests wait in Kafka, and nothing is called.");
            assertThat(page.text("#workers-empty")).contains("sluice worker");
            looksWell(page, "no-worker");
            assertThat(page.text("#n-waiting-more")).isEqualTo("oldest for 3m 12s");
            queue.withoutAges();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> page.text("#n-waiting-more").equals("age not known"));
        }
    }

    @Test
    void aKafkaThatIsAwayLeavesWhatWasKnownAndSaysFromWhen() throws Exception {
        flow();
        try (Chromium.Page page = open(WIDE)) {
            queue.failing(
                    "cannot reach Kafka at localhost:9092 (Connection refused); start it, or name another broker");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> page.text("#link-word").equals("Not live"));

            assertThat(page.text("#verdict-word")).isEqualTo("Kafka is not read");
            assertThat(page.text("#troubles")).contains("localhost:9092");
            assertThat(page.text("#stale")).contains("What the page Now shows was so at ");
            assertThat(page.text("#n-waiting")).isEqualTo("1,331");
            looksWell(page, "kafka-away");

            queue.failing(null);
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> page.text("#link-word").equals("Live"));
            assertThat(page.text("#stale")).isEmpty();
        }
    }

    @Test
    void aConsoleThatIsAwayIsNoticedAndComesBack() {
        flow();
        try (Chromium.Page page = open(WIDE)) {
            int port = console.port();
            console.close();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> page.text("#stale").contains("The console does not answer"));

            console = Console.start(ConsoleConfig.ofLoopback(port, folder.resolve("history")), queue, access);

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> page.text("#link-word").equals("Live"));
        }
    }

    @Test
    void namesAreShownAsTheyAreAndNeverRun() {
        String hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>";
        queue.lanes(SampleQueue.lane(hostile, "held", hostile, 1, 0, 0))
                .workers(hostile)
                .waiting(1, 0);
        try (Chromium.Page page = open(WIDE)) {
            assertThat(page.text("#lanes-table tbody")).contains(hostile);
            assertThat(page.text("#workers-table tbody")).contains(hostile);
            assertThat(page.evaluate("document.title").asString()).isEqualTo("chat – Sluice");
            assertThat(page.evaluate("document.querySelectorAll('main img, main script').length")
                            .asInt())
                    .isZero();
            assertThat(page.complaints()).isEmpty();
        }
    }

    @Test
    void threeHundredModelsAreFoundByKeyboard() throws Exception {
        List<LaneReport> lanes = new ArrayList<>();
        IntStream.range(0, 300)
                .forEach(i -> lanes.add(
                        SampleQueue.lane("maker-%03d/model-%03d".formatted(i % 17, i), "flowing", "", i, 1, 0.3)));
        queue.lanes(lanes.toArray(new LaneReport[0])).waiting(44_850, 3);
        try (Chromium.Page page = open(WIDE)) {
            assertThat(rows(page)).isEqualTo(50);
            for (int i = 0; i < 6 && !focused(page).equals("filter"); i++) {
                page.press("Tab", 9);
            }
            assertThat(focused(page)).isEqualTo("filter");
            page.type("MODEL-217");
            assertThat(page.text("#lanes-shown")).isEqualTo("1 of 300 models");
            assertThat(page.text("#lanes-table tbody")).contains("maker-013/model-217");
            page.evaluate("document.getElementById('filter').value = '';"
                    + "document.getElementById('filter').dispatchEvent(new Event('input'))");
            page.press("Tab", 9);
            page.press("Tab", 9);
            page.press("Enter", 13);
            assertThat(page.text("#lanes-table tbody tr:nth-child(1)")).contains("model-299");
            assertThat(page.evaluate("document.querySelector('[data-sort=waiting]').ariaSort")
                            .asString())
                    .isEqualTo("descending");
            looksWell(page, "300-models");
            page.evaluate("document.getElementById('lanes-all').click()");
            assertThat(rows(page)).isEqualTo(300);
            assertThat(focused(page)).isEqualTo("lanes");

            Map<String, Double> before = costs(page);
            for (int round = 1; round <= 20; round++) {
                changeAll(round);
                page.evaluate("new Promise(done => setTimeout(done, 1_000))");
            }
            Map<String, Double> shares = costs(page);
            shares.replaceAll((name, seconds) -> (seconds - before.get(name)) / 20);
            double share = shares.get("TaskDuration");
            System.out.printf("A page with 300 models takes %.1f %% of a core: %s%n", 100 * share, shares);
            assertThat(share).isLessThan(0.1);
        }
    }

    private static int rows(Chromium.Page page) {
        return page.evaluate("document.querySelectorAll('#lanes-table tbody tr').length")
                .asInt();
    }

    /** Has every one of the models call a little more or less, as many do. */
    private void changeAll(int round) {
        queue.lanes(IntStream.range(0, 300)
                .mapToObj(i -> SampleQueue.lane(
                        "maker-%03d/model-%03d".formatted(i % 17, i), "flowing", "", i + round, 1, (i + round) % 30))
                .toArray(LaneReport[]::new));
    }

    /** Returns the seconds that a page has cost so far, in all and for what. */
    static Map<String, Double> costs(Chromium.Page page) {
        Map<String, Double> costs = new TreeMap<>();
        for (String name : List.of("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")) {
            costs.put(name, page.metric(name));
        }
        return costs;
    }

    private static String focused(Chromium.Page page) {
        return page.evaluate("document.activeElement.id").asString("");
    }

    @Test
    void thePageIsLightAndSoonThere() {
        flow();
        try (Chromium.Page page = open(WIDE)) {
            int bytes = page.events("Network.loadingFinished").stream()
                    .mapToInt(event -> event.get("encodedDataLength").asInt())
                    .sum();
            double paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
                    .asDouble();
            System.out.printf("The page has %,d bytes and its first paint is after %.0f ms%n", bytes, paint);

            assertThat(bytes).isBetween(10_000, MAX_BYTES);
            assertThat(paint).isLessThan(5_000); // a busy machine may need ten times of what it should
            String isOwn = "each => each.name.startsWith(location.origin)";
            assertThat(page.evaluate("performance.getEntriesByType('resource').every(" + isOwn + ")")
                            .asBoolean())
                    .isTrue();
        }
    }

    /** Looks at the page light and dark, wide and narrow: nothing sticks out, nothing breaks the rules of axe-core. */
    static void looksWell(Chromium.Page page, String name) throws IOException {
        for (int width : new int[] {WIDE, NARROW}) {
            page.resize(width, HEIGHT);
            for (String scheme : List.of("light", "dark")) {
                page.media(Map.of("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce"));
                // what a change of the size or the colours has asked for is drawn in the next frame
                page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
                page.screenshot(SCREENSHOTS.resolve(name + "-" + width + "-" + scheme + ".png"));
                assertThat(page.evaluate("document.documentElement.scrollWidth").asInt())
                        .as("width of %s at %s px", name, width)
                        .isLessThanOrEqualTo(width);
                meetsTheRules(page, name + " at " + width + " px, " + scheme);
            }
        }
        page.resize(WIDE, HEIGHT);
        assertThat(page.complaints()).isEmpty();
    }

    /**
     * Takes a picture for the manual, which shows it in {@code worker/src/docs} once a person has looked at it.
     *
     * @param height the most pixels of the page that it shows
     */
    static void forTheManual(Chromium.Page page, String name, String scheme, int height) throws IOException {
        page.resize(MANUAL, HEIGHT);
        page.media(Map.of("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce"));
        page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
        page.screenshot(SCREENSHOTS.resolve("manual").resolve(name + "-" + scheme + ".png"), height);
    }

    private static void meetsTheRules(Chromium.Page page, String what) throws IOException {
        if (!Files.exists(AXE)) {
            System.out.println("Not checked in ConsolePageIT: the rules of axe-core;"
                    + " 'npm install --prefix worker/target/npm axe-core' installs them");
            return;
        }
        if (!page.evaluate("typeof axe").asString().equals("object")) {
            page.evaluate(Files.readString(AXE) + ";0");
        }
        JsonNode found = page.evaluate("axe.run().then(result => result.violations.map(each =>"
                + " each.id + ': ' + each.nodes.map(node => node.html + ' ' + node.failureSummary).join('; ')))");
        assertThat(found).as(what).isEmpty();
    }
}
