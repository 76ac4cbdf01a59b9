package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.PackagedJar;
import dev.sluice.worker.pool.LaneReport;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.pool.WorkerReportJson;
import dev.sluice.worker.topics.TopicPlan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Asks a console with 256 MiB of heap for what is large: a million dead letters, a million requests, 10,000 tenants and
 * 300 models, of which two workers report each second. It measures what an open page costs. It takes minutes and is run
 * by hand: {@code mvn verify -Dquick -pl worker -am -Dtest=None -Dit.test=ConsoleSizeTrial} with {@code
 * -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false}. It prints what each question takes.
 */
class ConsoleSizeTrial {
    private static final int RECORDS = Integer.getInteger("sluice.trial.records", 1_000_000);
    private static final int TENANTS = 10_000;
    private static final int MODELS = 300;
    private static final Duration LONG = Duration.ofMinutes(10);
    /** The time for which the open page is looked at. */
    private static final Duration WATCH = Duration.ofSeconds(Integer.getInteger("sluice.trial.watch", 180));
    /** The most that an open page may take of a core, here and in the browser. */
    private static final double MAX_SHARE = 0.02;

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @TempDir
    private Path folder;

    private final Topics topics = new Topics(kafka.uniqueName("size"));
    private final Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
    private final HttpClient client = HttpClient.newHttpClient();
    private final Instant started = Instant.now();

    @Test
    void aMillionOfEachIsShown() throws Exception {
        try (Admin admin = Admin.create(properties)) {
            admin.createTopics(TopicPlan.of(topics).stream()
                            .filter(plan -> topics.required().contains(plan.name())
                                    || plan.name().equals(topics.workers()))
                            .map(plan -> new NewTopic(plan.name(), 12, (short) 1).configs(plan.settings()))
                            .toList())
                    .all()
                    .get();
            put(topics.dead());
            put(topics.requests());
        }
        Process console = PackagedJar.process(
                        List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError"),
                        List.of(
                                "console",
                                "--port=0",
                                "--history-dir=" + folder,
                                "--topic=" + topics.base(),
                                "--bootstrap-servers=" + kafka.bootstrapServers()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(console.getInputStream(), UTF_8))) {
            String url = out.readLine();
            ask(url, "the newest letters", "/dead-letters/search", "{}");
            ask(url, "letters with a text", "/dead-letters/search", "{\"contains\":\"request 17 \"}");
            ask(url, "a dry run", "/replays/plan", "{\"edits\":[\"model=m\"]}");
            ask(url, "tenants that wait", "/requests/tenants", "{}");
            ask(url, "the oldest request", "/requests/find", "{\"ids\":[\"id-0\"]}");
            ask(url, "a new request", "/requests/find", "{\"ids\":[\"id-" + (RECORDS - 1) + "\"]}");
            try (Chromium chromium = ConsolePageIT.browser(folder.resolve("profile"))) {
                look(chromium, url);
                watch(chromium, url, console);
            }
            System.out.printf(
                    "The console used %.1f s of processor time%n",
                    console.info().totalCpuDuration().orElseThrow().toMillis() / 1e3);
        } finally {
            console.destroyForcibly();
        }
    }

    private void put(String topic) {
        AtomicReference<Exception> failed = new AtomicReference<>();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "linger.ms", 20),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int i = 0; i < RECORDS; i++) {
                RecordHeaders headers = new RecordHeaders();
                WireHeaders.set(headers, WireHeaders.ID, "id-" + i);
                WireHeaders.set(headers, WireHeaders.TENANT, "tenant-" + i % TENANTS);
                if (topic.equals(topics.dead())) {
                    WireHeaders.set(headers, WireHeaders.REASON, i % 3 == 0 ? "rejected" : "attempts_exhausted");
                    WireHeaders.set(headers, WireHeaders.HTTP_STATUS, i % 3 == 0 ? 400 : 503);
                    WireHeaders.set(headers, WireHeaders.ERROR_MESSAGE, "the model does not exist");
                }
                String body = "{\"model\":\"maker/model-" + i % MODELS
                        + "\",\"messages\":[{\"role\":\"user\",\"content\":\"request " + i + " of the trial\"}]}";
                var unused = producer.send(
                        new ProducerRecord<>(topic, i % 12, null, null, body.getBytes(UTF_8), headers),
                        (written, failure) -> failed.compareAndSet(null, failure));
            }
        }
        assertThat(failed.get()).isNull();
    }

    private void ask(String url, String what, String path, String body) throws IOException, InterruptedException {
        long began = System.nanoTime();
        String answer = client.send(
                        HttpRequest.newBuilder(URI.create(url + path))
                                .header("content-type", "application/json")
                                .header("origin", url)
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        String last = answer.substring(answer.lastIndexOf('\n', answer.length() - 2) + 1);
        assertThat(last).startsWith("{\"result\":");
        System.out.printf(
                "%s of %,d: %.1f s, %,d lines, the last of %,d bytes%n",
                what, RECORDS, (System.nanoTime() - began) / 1e9, answer.lines().count(), last.length());
    }

    /** Asks for the list of dead letters as a person does. */
    private void look(Chromium chromium, String url) {
        try (Chromium.Page page = chromium.open(url + "/#dead-letters", 1_600, 1_000)) {
            double first = page.evaluate("new Promise(seen => { const look = () => document.querySelector("
                            + "'#letters-table tbody tr') ? seen(performance.now()) : requestAnimationFrame(look);"
                            + " look(); })")
                    .asDouble();
            System.out.printf("The newest letters are seen %.1f s after the page was asked for%n", first / 1e3);
            await().atMost(LONG).until(() -> page.text("#letters-shown").startsWith("100 of "));
            page.evaluate("document.getElementById('older').click()");
            await().atMost(LONG).until(() -> page.text("#search-state").contains("died until"));
            System.out.println(ConsolePageIT.costs(page));
            assertThat(page.complaints()).isEmpty();
        }
    }

    /** Measures what an open page costs once all letters are counted. */
    private void watch(Chromium chromium, String url, Process console) throws InterruptedException {
        ScheduledExecutorService reports = Executors.newSingleThreadScheduledExecutor();
        try (KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
                Chromium.Page page = chromium.open(url + "/", 1_600, 1_000)) {
            var unused = reports.scheduleAtFixedRate(() -> report(producer), 0, 1, TimeUnit.SECONDS);
            await().atMost(LONG).until(() -> page.text("#lanes-all").contains(MODELS + " models"));
            await().atMost(LONG).until(() -> page.text("#n-dead").equals("%,d".formatted(RECORDS)));
            double browser = page.metric("TaskDuration");
            Duration server = console.info().totalCpuDuration().orElseThrow();
            long began = System.nanoTime();
            Thread.sleep(WATCH.toMillis());
            double seconds = (System.nanoTime() - began) / 1e9;
            Duration took = console.info().totalCpuDuration().orElseThrow().minus(server);
            double serverShare = took.toMillis() / 1e3 / seconds;
            double browserShare = (page.metric("TaskDuration") - browser) / seconds;
            System.out.printf(
                    "An open page with %d models takes %.2f %% of a core of the console and %.2f %% in the browser%n",
                    MODELS, 100 * serverShare, 100 * browserShare);
            assertThat(page.text("#link-word")).isEqualTo("Live");
            assertThat(serverShare).isLessThan(MAX_SHARE);
            assertThat(browserShare).isLessThan(MAX_SHARE);
        } finally {
            reports.shutdownNow();
        }
    }

    /** Writes what two workers say that have something to do for each model. */
    private void report(KafkaProducer<byte[], byte[]> producer) {
        int second = (int) (System.nanoTime() / 1_000_000_000);
        for (String worker : List.of("worker-a", "worker-b")) {
            List<LaneReport> lanes = IntStream.range(0, MODELS)
                    .mapToObj(i ->
                            SampleQueue.lane("maker/model-" + i, "limited", "", i + second % 100, 3, (i + second) % 30))
                    .toList();
            WorkerReport report =
                    new WorkerReport(second, "0.1.0", "host", started, Duration.ofSeconds(3), 6, 12, lanes);
            var unused = producer.send(
                    new ProducerRecord<>(topics.workers(), 0, worker.getBytes(UTF_8), WorkerReportJson.encode(report)));
        }
    }
}
