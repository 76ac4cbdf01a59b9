package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.http.SecretFileEditor;
import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.topics.TopicPlan;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Searches, reads and replays dead letters of a real Kafka: by HTTP, and with a real Chromium where there is one. */
@Timeout(120)
class DeadLettersPageIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String HOSTILE = "<script>document.title='run'</script>";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @TempDir
    private Path folder;

    private final Topics topics = new Topics(kafka.uniqueName("letters"));
    private final Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
    private final HttpClient client = HttpClient.newHttpClient();
    private String authorization = "";
    private Admin admin;
    private Console console;

    @BeforeEach
    void start() throws Exception {
        admin = Admin.create(properties);
        List<String> needed = List.of(topics.requests(), topics.dead());
        SandboxTopics.create(
                admin,
                TopicPlan.of(topics).stream()
                        .filter(plan -> needed.contains(plan.name()))
                        .map(plan -> new NewTopic(plan.name(), 2, (short) 1).configs(plan.settings()))
                        .toList());
        put("r-1", "rejected", "400", "shop", "old/model", "hello");
        put("r-2", "rejected", "400", "shop", "old/model", HOSTILE);
        put("r-3", "rejected", "404", "shop", "old/model", "hello");
        put("x-1", "attempts_exhausted", "503", "bulk", "m", "hello");
        put("x-2", "attempts_exhausted", "503", "bulk", "m", "hello");
        console = Console.start(
                ConsoleConfig.ofLoopback(0, folder.resolve("history")),
                new SampleQueue().waiting(0, 5),
                new QueueAccess(admin, properties, topics, "sluice"));
    }

    @AfterEach
    void stop() {
        console.close();
        admin.close();
    }

    private void put(String id, String reason, String status, String tenant, String model, String text)
            throws ExecutionException, InterruptedException {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        WireHeaders.set(headers, WireHeaders.REASON, reason);
        WireHeaders.set(headers, WireHeaders.HTTP_STATUS, status);
        WireHeaders.set(headers, WireHeaders.TENANT, tenant);
        WireHeaders.set(headers, WireHeaders.ERROR_MESSAGE, "the API's own words about " + model);
        String body = "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topics.dead(), null, null, null, body.getBytes(UTF_8), headers))
                    .get();
        }
    }

    /** Puts a letter that says nothing of its tenant, its model and the API. */
    private void putBare(String id) throws ExecutionException, InterruptedException {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        WireHeaders.set(headers, WireHeaders.REASON, "expired");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topics.dead(), null, null, null, "{}".getBytes(UTF_8), headers))
                    .get();
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> read(String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        Map<String, Object> config = Map.of(
                "bootstrap.servers", kafka.bootstrapServers(),
                "isolation.level", "read_committed",
                "auto.offset.reset", "earliest");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
        }
        return records;
    }

    @Test
    void lettersAreCountedListedAndShown() throws Exception {
        JsonNode all = result("/dead-letters/search", "{}");
        JsonNode some = result("/dead-letters/search", "{\"statuses\":[\"404\",\"503\"],\"tenants\":[\"bulk\"]}");
        JsonNode first = result("/dead-letters/letter", "{\"position\":" + all.at("/newest/4/position") + "}");
        JsonNode found = result("/dead-letters/search", "{\"contains\":\"document.title\"}");

        assertThat(all.get("letters").asLong()).isEqualTo(5);
        assertThat(all.at("/newest/0/id").asString()).isEqualTo("x-2");
        assertThat(all.at("/groups").size()).isEqualTo(3);
        assertThat(some.get("letters").asLong()).isEqualTo(2);
        assertThat(first.get("id").asString()).isEqualTo("r-1");
        assertThat(first.get("body").asString()).startsWith("{\"model\":\"old/model\"");
        assertThat(found.at("/newest/0/id").asString()).isEqualTo("r-2");
        assertThat(last("/dead-letters/letter", "{\"position\":\"nowhere\"}")
                        .get("problem")
                        .asString())
                .isEqualTo("'nowhere' is no place of a letter");
    }

    @Test
    void whoMayNotReadBodiesIsShownNone() throws Exception {
        String position =
                result("/dead-letters/search", "{}").at("/newest/4/position").toString();
        Path users = Files.writeString(folder.resolve("users"), "eve " + SecretFileEditor.hash("secret") + " look,act");
        console.close();
        console = Console.start(
                new ConsoleConfig(
                        "127.0.0.1",
                        0,
                        folder.resolve("history"),
                        Optional.empty(),
                        Optional.of(new ConsoleConfig.UserSource(users, Optional.empty()))),
                new SampleQueue(),
                new QueueAccess(admin, properties, topics, "sluice"));
        authorization = "Basic " + Base64.getEncoder().encodeToString("eve:secret".getBytes(UTF_8));

        JsonNode list = result("/dead-letters/search", "{}");
        JsonNode letter = result("/dead-letters/letter", "{\"position\":" + position + "}");
        JsonNode plan = result("/replays/plan", "{\"edits\":[\"model=m\"]}");

        assertThat(list.at("/newest/4/id").asString()).isEqualTo("r-1");
        assertThat(letter.get("hidden").asBoolean()).isTrue();
        assertThat(plan.get("letters").asLong()).isEqualTo(5);
        assertThat(List.of(list, letter, plan))
                .allSatisfy(answer ->
                        assertThat(answer.toString()).doesNotContain("hello", "document.title", "the API's own words"));
    }

    @Test
    void olderOnesOfTheSameMomentAreListedAfterEachOther() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < 250; i++) {
                RecordHeaders headers = new RecordHeaders();
                WireHeaders.set(headers, WireHeaders.ID, "many-" + i);
                WireHeaders.set(headers, WireHeaders.REASON, "expired");
                WireHeaders.set(headers, WireHeaders.TENANT, "tenant-" + i);
                var unused = producer.send(new ProducerRecord<>(topics.dead(), null, null, null, null, headers));
            }
        }
        Set<String> ids = new HashSet<>();
        Set<String> listed = new HashSet<>();

        for (int page = 0; page < 3; page++) {
            JsonNode found = result(
                    "/dead-letters/search",
                    "{\"reasons\":[\"expired\"],\"listed\":[" + String.join(",", listed) + "]}");
            assertThat(found.get("letters").asLong()).isEqualTo(250);
            assertThat(found.get("groups").size()).isEqualTo(200);
            assertThat(found.get("more_groups").asLong()).isEqualTo(50);
            found.get("newest").forEach(letter -> {
                ids.add(letter.get("id").asString());
                listed.add(letter.get("position").toString());
            });
        }
        assertThat(ids).hasSize(250);
    }

    @Test
    void theNewestOfManyAreShownBeforeAllAreCounted() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < 6_000; i++) {
                RecordHeaders headers = new RecordHeaders();
                WireHeaders.set(headers, WireHeaders.ID, "many-" + i);
                WireHeaders.set(headers, WireHeaders.REASON, "expired");
                var unused = producer.send(new ProducerRecord<>(topics.dead(), i % 2, null, null, null, headers));
            }
        }
        put("newest", "expired", "503", "shop", "m", "hello");

        List<String> lines = post("/dead-letters/search", "{}").body().lines().toList();
        JsonNode first = JsonMapper.shared().readTree(lines.get(0));
        JsonNode last = JsonMapper.shared().readTree(lines.get(lines.size() - 1));

        assertThat(first.at("/part/newest").size()).isEqualTo(100);
        assertThat(first.at("/part/newest/0/id").asString()).isEqualTo("newest");
        assertThat(last.at("/result/letters").asLong()).isEqualTo(6_006);
        assertThat(last.at("/result/newest/0/id").asString()).isEqualTo("newest");
    }

    @Test
    void whoseRequestsWaitIsCounted() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < 30; i++) {
                RecordHeaders headers = new RecordHeaders();
                WireHeaders.set(headers, WireHeaders.TENANT, i < 20 ? "bulk" : "tenant-" + i);
                byte[] body = ("{\"model\":\"" + (i == 0 ? "other" : "m") + "\"}").getBytes(UTF_8);
                var unused = producer.send(new ProducerRecord<>(topics.requests(), null, null, null, body, headers));
            }
        }

        JsonNode counted = result("/requests/tenants", "{}");

        assertThat(counted.get("requests").asLong()).isEqualTo(30);
        assertThat(counted.get("tenants").asInt()).isEqualTo(11);
        assertThat(counted.at("/largest/0/tenant").asString()).isEqualTo("bulk");
        assertThat(counted.at("/largest/0/requests").asLong()).isEqualTo(20);
        assertThat(counted.at("/largest/0/model").asString()).isEqualTo("m");
        assertThat(counted.at("/largest/0/models").asInt()).isEqualTo(2);
    }

    @Test
    void aSecondReplayIsShownTheFirst() throws Exception {
        HttpResponse<String> first = post("/replays/start", "{\"reasons\":[\"rejected\"],\"limit\":3}");
        HttpResponse<String> second = post("/replays/start", "{\"limit\":5}");

        assertThat(first.statusCode()).isEqualTo(202);
        assertThat(second.statusCode()).isEqualTo(409);
        assertThat(JsonMapper.shared().readTree(second.body()).get("planned").asLong())
                .isEqualTo(3);
        await().atMost(SOON).until(() -> read(topics.requests()).size() == 3);
        JsonNode left = await().atMost(SOON)
                .until(
                        () -> result("/dead-letters/search", "{}"),
                        found -> found.get("letters").asLong() == 2);
        assertThat(left.get("already_replayed").asLong()).isEqualTo(3);
    }

    @Test
    void noMoreIsSentThanWasConfirmed() throws Exception {
        HttpResponse<String> started = post("/replays/start", "{\"reasons\":[\"rejected\"],\"limit\":2}");

        assertThat(started.statusCode()).isEqualTo(202);
        await().atMost(SOON)
                .until(() -> result("/dead-letters/search", "{}").get("letters").asLong() == 3);
        assertThat(read(topics.requests())).hasSize(2);
    }

    @Test
    void aRequestIsFoundByItsId() throws Exception {
        JsonNode dead = result("/requests/find", "{\"ids\":[\"r-1\"]}");

        assertThat(dead.get("state").asString()).isEqualTo("dead");
        assertThat(dead.at("/records/0/kind").asString()).isEqualTo("dead_letter");
        assertThat(dead.at("/records/0/headers/sluice-reason").asString()).isEqualTo("rejected");
        assertThat(dead.toString()).doesNotContain("hello", "the API's own words");
        assertThat(result("/requests/find", "{\"ids\":[\"nobody\"]}")
                        .get("state")
                        .asString())
                .isEqualTo("unknown");
        assertThat(post("/requests/find", "{}").statusCode()).isEqualTo(400);
    }

    @Test
    void lettersOfAModelAreMendedAndReplayedOnThePage() throws Exception {
        try (Chromium chromium = ConsolePageIT.browser(folder.resolve("profile"));
                Chromium.Page page =
                        chromium.open("http://localhost:" + console.port() + "/#dead-letters", 1_600, 1_000)) {
            await().atMost(SOON).until(() -> page.text("#search-state").equals("5 dead letters."));
            ConsolePageIT.looksWell(page, "dead-letters");
            ConsolePageIT.forTheManual(page, "console-dead-letters", "dark", 2_000);
            click(page, "#groups-table tbody tr:nth-child(2) button");
            await().atMost(SOON).until(() -> page.text("#letters-shown").equals("2 of 2"));
            assertThat(page.text("#letters-table tbody")).contains("r-1", "r-2", "rejected, 400", "the API's own");

            click(page, "#letters-table tbody tr:nth-child(1) button");
            await().atMost(SOON).until(() -> page.text("#letter-content").contains("sluice-http-status"));
            assertThat(page.text("#letter-content pre")).contains(HOSTILE, "\"model\": \"old/model\"");
            assertThat(page.evaluate("document.title").asString()).isEqualTo("chat – Sluice");
            ConsolePageIT.looksWell(page, "one-letter");
            page.press("Escape", 27);
            assertThat(page.evaluate("document.getElementById('letter').open").asBoolean())
                    .isFalse();

            click(page, "#search-all");
            await().atMost(SOON).until(() -> page.text("#search-state").equals("5 dead letters."));
            fill(page, "#search [name=models]", "old/model");
            click(page, "#search button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#search-state").equals("3 dead letters."));
            click(page, "#replay-all");
            fill(page, "#plan-form [name=model]", "new/model");
            click(page, "#add-edit");
            fill(page, "#edits [name=path]", "max_tokens");
            fill(page, "#edits [name=value]", "500");
            click(page, "#plan-form button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#plan-go").equals("Replay 3 letters"));
            assertThat(page.text("#plan-what")).contains("Model old/model.");
            assertThat(page.text("#plan-diff").lines().filter(line -> line.startsWith("+")))
                    .hasSize(3);
            assertThat(page.text("#plan-diff"))
                    .contains(
                            "-   \"model\": \"old/model\"", "+   \"model\": \"new/model\"", "+   \"max_tokens\": 500");
            ConsolePageIT.looksWell(page, "dry-run");
            assertThat(read(topics.requests())).isEmpty();

            click(page, "#plan-go");
            await().atMost(SOON).until(() -> page.text("#replay-words").contains("has replayed 3 of 3 letters"));
            await().atMost(SOON)
                    .until(() -> page.text("#search-state").equals("No dead letter matches. 3 more were replayed."));
            ConsolePageIT.looksWell(page, "replayed");

            page.evaluate("location.hash = '#dead-letters=m'");
            await().atMost(SOON).until(() -> page.text("#search-state").equals("2 dead letters."));

            page.evaluate("location.hash = '#request=r-1'");
            await().atMost(SOON).until(() -> page.text("#trace-word").equals("It waits"));
            assertThat(page.text("#trace-more")).contains("In " + topics.requests());
            assertThat(page.text("#trace-table tbody")).contains("Request", "Replayed once", "Dead: rejected, 400");
            ConsolePageIT.looksWell(page, "one-request");
            click(page, "#trace-letters");
            await().atMost(SOON).until(() -> page.text("#letters-table tbody").contains("r-1"));
        }
        assertThat(read(topics.requests()))
                .hasSize(3)
                .allSatisfy(request ->
                        assertThat(new String(request.value(), UTF_8)).contains("\"model\":\"new/model\""));
        assertThat(read(topics.dead()).stream()
                        .flatMap(record -> WireHeaders.text(record.headers(), WireHeaders.REPLAYED_BY).stream()))
                .hasSize(3)
                .containsOnly(System.getProperty("user.name"));
    }

    /** Ids, names and bodies come from whoever may publish. */
    @Test
    void whatComesFromOutsideIsShownAsItIs() throws Exception {
        String turned = "\u202egnp.elif \u05e9\u05dc\u05d5\u05dd";
        put("long-line", "rejected", "400", "t", "m", "y".repeat(5_000));
        put("a".repeat(500), "rejected", "400", "__proto__", "maker/'quoted'/m", "x".repeat(300_000));
        put(turned, "rejected", "400", "constructor", turned, HOSTILE);
        putBare("nobody's");
        for (String tenant : List.of("null", "", "__proto__")) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.TENANT, tenant);
            try (KafkaProducer<byte[], byte[]> producer =
                    new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
                producer.send(new ProducerRecord<>(topics.requests(), null, null, null, new byte[0], headers))
                        .get();
            }
        }
        try (Chromium chromium = ConsolePageIT.browser(folder.resolve("profile"));
                Chromium.Page page =
                        chromium.open("http://localhost:" + console.port() + "/#dead-letters", 1_200, 1_000)) {
            await().atMost(SOON).until(() -> page.text("#search-state").equals("9 dead letters."));
            assertThat(page.text("#letters-table tbody")).contains("a".repeat(500), turned);
            assertThat(page.text("#groups-table tbody")).contains("__proto__", "constructor", "maker/'quoted'/m");
            assertThat(page.evaluate("document.querySelector('#letters-table .why').clientWidth")
                            .asInt())
                    .as("the width that a long id leaves")
                    .isGreaterThan(200);
            ConsolePageIT.looksWell(page, "from-outside");

            click(page, "#letters-table tbody tr:nth-child(3) button");
            await().atMost(SOON).until(() -> page.text("#letter-content").contains("sluice-http-status"));
            assertThat(page.text("#letter-content pre")).hasSize(100_000);
            click(page, "#letter-more");
            assertThat(page.text("#letter-content pre")).contains("x".repeat(300_000));

            page.press("Escape", 27);
            page.evaluate("[...document.querySelectorAll('#groups-table tbody tr')]"
                    + ".find((row) => row.cells[3].textContent === '(none)').querySelector('button').click()");
            await().atMost(SOON).until(() -> page.text("#search-state").equals("1 dead letter."));
            assertThat(page.text("#letters-table tbody")).contains("nobody's");
            click(page, "#search button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#search-state").equals("1 dead letter."));
            for (String field : List.of("reasons", "statuses", "models", "tenants")) {
                fill(page, "#search [name=" + field + "]", "");
            }
            for (String id : List.of(turned, "a".repeat(500))) {
                fill(page, "#search [name=ids]", id);
                click(page, "#search button[type=submit]");
                await().atMost(SOON)
                        .until(() -> page.text("#search-state").equals("1 dead letter.")
                                && page.text("#letters-table tbody").contains(id));
            }
            click(page, "#replay-all");
            fill(page, "#plan-form [name=model]", "m");
            click(page, "#plan-form button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#plan-go").equals("Replay 1 letter"));
            assertThat(page.text("#plan-state")).contains("The change is not shown", "too long");
            page.resize(400, 1_000);
            assertThat(page.evaluate("document.getElementById('plan').scrollWidth"
                                    + " - document.getElementById('plan').clientWidth")
                            .asInt())
                    .as("what a long id pushes out of the dialog")
                    .isZero();
            page.press("Escape", 27);
            fill(page, "#search [name=ids]", "long-line");
            click(page, "#search button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#letters-table tbody").contains("long-line"));
            click(page, "#replay-all");
            fill(page, "#plan-form [name=model]", "m2");
            click(page, "#add-edit");
            fill(page, "#edits [name=path]", "max_tokens");
            fill(page, "#edits [name=value]", "500");
            click(page, "#plan-form button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#plan-diff").contains("+   \"model\": \"m2\""));
            assertThat(page.text("#plan-diff").lines())
                    .allMatch(line -> line.length() <= 1_003)
                    .anyMatch(line -> line.endsWith("yyy…"));
            page.press("Escape", 27);
            page.evaluate("location.hash = '#now'");
            click(page, "#tenants-count");
            await().atMost(SOON).until(() -> page.text("#tenants-state").startsWith("3 requests of 3 tenants"));
            assertThat(page.evaluate("document.querySelectorAll('#tenants-table tbody tr').length")
                            .asInt())
                    .isEqualTo(3);
            assertThat(page.complaints()).isEmpty();
        }
    }

    /** The replay waits before its second batch for as long as it is looked at. */
    @Test
    void aReplayIsWatchedAndStopped() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < 1_195; i++) {
                RecordHeaders headers = new RecordHeaders();
                WireHeaders.set(headers, WireHeaders.ID, "many-" + i);
                WireHeaders.set(headers, WireHeaders.REASON, "attempts_exhausted");
                WireHeaders.set(headers, WireHeaders.HTTP_STATUS, 503);
                WireHeaders.set(headers, WireHeaders.TENANT, "tenant-" + i % 3);
                byte[] body = ("{\"model\":\"maker/model-" + i % 2 + "\"}").getBytes(UTF_8);
                var unused = producer.send(new ProducerRecord<>(topics.dead(), i % 2, null, null, body, headers));
            }
        }
        console.close();
        Map<String, Object> slow = new HashMap<>(properties);
        slow.put("interceptor.classes", List.of(SecondBatchGate.class));
        console = Console.start(
                ConsoleConfig.ofLoopback(0, folder.resolve("history")),
                new SampleQueue().waiting(0, 1_200),
                new QueueAccess(admin, slow, topics, "sluice"));
        try (Chromium chromium = ConsolePageIT.browser(folder.resolve("profile"));
                Chromium.Page page =
                        chromium.open("http://localhost:" + console.port() + "/#dead-letters", 1_600, 1_000)) {
            await().atMost(SOON).until(() -> page.text("#search-state").equals("1,200 dead letters."));
            click(page, "#replay-all");
            click(page, "#plan-form button[type=submit]");
            await().atMost(SOON).until(() -> page.text("#plan-go").equals("Replay 1,200 letters"));
            click(page, "#plan-go");
            await().atMost(SOON).until(() -> page.text("#replay-words").contains("500 of 1,200 letters"));
            assertThat(page.evaluate("document.getElementById('replay-all').disabled")
                            .asBoolean())
                    .isTrue();
            ConsolePageIT.looksWell(page, "replay-under-way");
            ConsolePageIT.forTheManual(page, "console-replay", "light", 700);

            click(page, "#replay-stop");
            await().atMost(SOON).until(() -> page.text("#replay-stop").startsWith("Stopping"));
            SecondBatchGate.OPEN.countDown();
            await().atMost(SOON)
                    .until(() -> page.text("#replay-words").contains("has replayed 1,000 of 1,200 letters"));
            assertThat(page.text("#replay-words")).contains("stopped; the same replay again goes on");
            ConsolePageIT.looksWell(page, "replay-stopped");
        } finally {
            SecondBatchGate.OPEN.countDown();
        }
        assertThat(read(topics.requests())).hasSize(1_000);
    }

    /** Holds a replay up before the first record of its second batch, when no transaction is open. */
    public static final class SecondBatchGate
            implements ProducerInterceptor<byte[], byte[]>, ConsumerInterceptor<byte[], byte[]> {
        private static final CountDownLatch OPEN = new CountDownLatch(1);
        /** The letters of the first batch, and their marks. */
        private static final int FIRST_BATCH = 1_000;

        private int records;

        @Override
        public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
            records++;
            if (records == FIRST_BATCH + 1) {
                try {
                    OPEN.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return record;
        }

        @Override
        public void onAcknowledgement(RecordMetadata metadata, Exception failure) {}

        @Override
        public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> consumed) {
            return consumed;
        }

        @Override
        public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

        @Override
        public void configure(Map<String, ?> configuration) {}

        @Override
        public void close() {}
    }

    private static void click(Chromium.Page page, String selector) {
        page.evaluate("document.querySelector('" + selector + "').click()");
    }

    private static void fill(Chromium.Page page, String selector, String text) {
        page.evaluate("document.querySelector('" + selector + "').select()");
        page.type(text);
    }

    private JsonNode result(String path, String body) throws IOException, InterruptedException {
        JsonNode last = last(path, body);
        assertThat(last.has("result")).as("%s", last).isTrue();
        return last.get("result");
    }

    private JsonNode last(String path, String body) throws IOException, InterruptedException {
        List<String> lines = post(path, body).body().lines().toList();
        return JsonMapper.shared().readTree(lines.get(lines.size() - 1));
    }

    private HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        String origin = "http://localhost:" + console.port();
        return client.send(
                HttpRequest.newBuilder(URI.create(origin + path))
                        .header("content-type", "application/json")
                        .header("origin", origin)
                        .header("authorization", authorization)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
