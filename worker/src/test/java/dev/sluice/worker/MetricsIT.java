package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.observe.AdminServer;
import dev.sluice.worker.observe.PrometheusPage;
import dev.sluice.worker.observe.StatusPage;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tests the pages of the admin port of a running worker. */
class MetricsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final Pattern NAME =
            Pattern.compile("\\b(?:sluice|gen_ai|kafka|jvm|process)_[a-z_]+(?=[\\[{) \"]|$)", Pattern.MULTILINE);
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int TENANTS = 70;
    private static final int PARTITIONS_OF_A_BUNDLE = 15;

    private final PrometheusPage page = new PrometheusPage("test");
    private TestQueue queue;
    private TogetherStandIn api;
    private Worker worker;
    private AdminServer admin;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        worker = Worker.start(queue.config(api.baseUrl()), page.metrics(), OpenTelemetry.noop());
        StatusPage status = new StatusPage(page.metrics(), "test", Clock.systemUTC());
        admin = AdminServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                worker.health(),
                Map.of("/metrics", page, "/status", status));
    }

    @AfterEach
    void close() {
        admin.close();
        worker.close();
        page.close();
        api.close();
        queue.close();
    }

    @Test
    void countsHowRequestsEnd() throws Exception {
        queue.publish(body("m1", "fine"));
        queue.publish(body("m1", "refused [stand-in: status=429 times=1 reset=0.05]"));
        queue.publish(body("m1", "broken [stand-in: status=500 times=1]"));
        queue.publish(body("m3", "no answer [stand-in: no-choices times=1]"));
        queue.publish(body("m2", "wrong [stand-in: status=400]"));
        queue.publish("no JSON");
        for (int i = 0; i < TENANTS; i++) {
            publish(body("m1", "of a tenant"), WireHeaders.TENANT, "tenant-" + i);
        }
        queue.awaitReplies(6 + TENANTS);
        publish(body("m2", "the same"), WireHeaders.CACHE, "PT10M");
        queue.awaitReplies(7 + TENANTS);
        publish(body("m2", "the same"), WireHeaders.CACHE, "PT10M");
        queue.awaitReplies(8 + TENANTS);
        queue.send(CancelMark.ofId("cancelled").record(queue.topics));
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, "cancelled");
        WireHeaders.set(headers, WireHeaders.NOT_BEFORE, System.currentTimeMillis() + 500);
        queue.publish(body("m1", "never called"), headers);
        queue.awaitReplies(9 + TENANTS);

        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(metrics()).containsEntry("sluice_replies_total", 6.0 + TENANTS));
        Map<String, Double> metrics = metrics();
        assertThat(metrics)
                .containsEntry("sluice_calls_total{model=\"m1\",outcome=\"reply\",status=\"200\"}", 3.0 + TENANTS)
                .containsEntry("sluice_calls_total{model=\"m1\",outcome=\"requeue\",status=\"429\"}", 1.0)
                .containsEntry("sluice_calls_total{model=\"m1\",outcome=\"requeue\",status=\"500\"}", 1.0)
                .containsEntry("sluice_calls_total{model=\"m2\",outcome=\"dead_letter\",status=\"400\"}", 1.0)
                .containsEntry("sluice_calls_total{model=\"m3\",outcome=\"requeue\",status=\"unusable_body\"}", 1.0)
                .containsEntry("sluice_calls_total{model=\"m3\",outcome=\"reply\",status=\"200\"}", 1.0)
                .containsEntry("sluice_requeues_total{cause=\"attempt\",tier=\"retry\"}", 2.0)
                .containsEntry("sluice_requeues_total{cause=\"deferral\",tier=\"retry\"}", 1.0)
                .containsEntry("sluice_dead_letters_total{reason=\"rejected\"}", 1.0)
                .containsEntry("sluice_dead_letters_total{reason=\"invalid_request\"}", 1.0)
                .containsEntry("sluice_dead_letters_total{reason=\"expired\"}", 0.0)
                .containsEntry("sluice_unawaited_requests_total{reason=\"cancelled\"}", 1.0)
                .containsEntry("sluice_unawaited_requests_total{reason=\"expired\"}", 0.0)
                .containsEntry("sluice_spared_calls_total{model=\"m1\"}", 1.0)
                .containsEntry("sluice_cancel_marks", 1.0)
                .containsEntry("sluice_open_streams", 0.0)
                .containsEntry("sluice_stream_chunks_total{result=\"published\"}", 0.0)
                .containsEntry("sluice_stream_chunks_total{result=\"dropped\"}", 0.0)
                .doesNotContainKey("sluice_dead_letters_total{reason=\"cancelled\"}")
                .containsEntry("sluice_cache_requests_total{result=\"hit\"}", 1.0)
                .containsEntry("sluice_cache_requests_total{result=\"miss\"}", 1.0)
                .containsEntry("sluice_queue_wait_seconds_count{model=\"m1\"}", 5.0 + TENANTS)
                .containsEntry("sluice_request_duration_seconds_count{status=\"ok\"}", 6.0 + TENANTS)
                .containsEntry("sluice_request_duration_seconds_count{status=\"failed\"}", 3.0)
                .containsEntry("sluice_commit_aborts_total", 0.0)
                .containsEntry("sluice_open_records", 0.0)
                .containsEntry("sluice_in_flight_calls", 0.0);
        assertThat(metrics.get("sluice_spared_tokens_total{model=\"m1\"}")).isPositive();
        assertThat(metrics.get("sluice_commit_duration_seconds_count")).isPositive();
        assertTokens(metrics);
        assertThat(metrics.keySet()).anyMatch(name -> name.startsWith("kafka_consumer_"));
        assertThat(metrics.keySet()).anyMatch(name -> name.startsWith("kafka_producer_"));
        assertThat(metrics.keySet()).noneMatch(name -> name.contains(queue.topics.base() + "_"));
    }

    private static void assertTokens(Map<String, Double> metrics) {
        Set<String> tenants = metrics.keySet().stream()
                .filter(name -> name.startsWith("sluice_tokens_total{model=\"m1\""))
                .map(name -> name.replaceAll(".*tenant=\"(.*?)\".*", "$1"))
                .collect(Collectors.toSet());
        double counted = sum(metrics, "sluice_tokens_total{model=\"m1\"", "type=\"output\"");
        assertThat(tenants).hasSizeBetween(64, 65).contains("other");
        assertThat(counted).isPositive();
        assertThat(sum(metrics, "gen_ai_client_token_usage_sum{", "model=\"m1\",gen_ai_token_type=\"output\""))
                .isEqualTo(counted);
    }

    private static double sum(Map<String, Double> metrics, String prefix, String part) {
        return metrics.entrySet().stream()
                .filter(metric ->
                        metric.getKey().startsWith(prefix) && metric.getKey().contains(part))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    @Test
    void alertsAndDashboardNameWhatIsThere() throws Exception {
        queue.publish(body("m", "!"));
        queue.awaitReplies(1);
        api.update(settings -> settings.withApiKeys("another"));
        queue.publish(body("m", "?"));

        for (String file : List.of("alerts.yaml", "grafana/sluice.json")) {
            Set<String> named = NAME.matcher(Files.readString(Path.of("../scripts/observe", file)))
                    .results()
                    .map(MatchResult::group)
                    .collect(Collectors.toSet());
            named.removeIf(name -> name.startsWith("sluice_gateway_")); // those that a door shows
            // this worker is told not to pace
            named.remove("sluice_lane_limit_per_second");
            assertThat(named).hasSizeGreaterThan(7);
            // a lane is held after a moment; Kafka's clients are asked for new meters every 15 s
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(names(metrics())).containsAll(named));
        }
    }

    private static Set<String> names(Map<String, Double> metrics) {
        return metrics.keySet().stream()
                .map(name -> name.replaceFirst("\\{.*", ""))
                .collect(Collectors.toSet());
    }

    @Test
    void showsWhyALaneIsHeldAndUntilWhen() throws Exception {
        api.update(settings -> settings.withApiKeys("another"));
        queue.publish(body("m", "?"));

        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(metrics())
                        .containsEntry("sluice_lane_state{model=\"m\",state=\"held\"}", 1.0)
                        .containsEntry("sluice_lane_stopped{model=\"m\",reason=\"401\"}", 1.0)
                        .containsEntry("sluice_lane_state{model=\"m\",state=\"flowing\"}", 0.0)
                        .containsEntry("sluice_lane_waiting_requests{model=\"m\"}", 1.0));
        JsonNode lane = status().get("lanes").get(0);
        assertThat(lane.get("state").asString()).isEqualTo("held");
        assertThat(lane.get("reason").asString()).startsWith("401").doesNotContain(TestQueue.KEY);

        api.update(settings -> settings.withApiKeys(TestQueue.KEY));
        queue.awaitReplies(1);

        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(metrics())
                        .containsEntry("sluice_lane_state{model=\"m\",state=\"flowing\"}", 1.0)
                        .doesNotContainKey("sluice_lane_stopped{model=\"m\",reason=\"401\"}"));
    }

    @Test
    void forgetsPartitionsThatAreSomebodyElsesNow() throws Exception {
        awaitPartitions(TestQueue.PARTITIONS * PARTITIONS_OF_A_BUNDLE);
        assertThat(metrics()).containsEntry("sluice_limit_share_ratio", 1.0);

        try (Worker other = Worker.start(queue.config(api.baseUrl()))) {
            awaitPartitions(TestQueue.PARTITIONS * PARTITIONS_OF_A_BUNDLE / 2);
            JsonNode status = status();
            assertThat(status.get("share").toString()).isEqualTo("{\"bundles\":2,\"of\":4}");
            assertThat(status.get("partitions")).hasSize(TestQueue.PARTITIONS * PARTITIONS_OF_A_BUNDLE / 2);
            assertThat(other.health().livenessFailures()).isEmpty();
            assertThat(status.get("last_round_seconds_ago").propertyNames())
                    .containsExactlyInAnyOrder("sluice-call", "sluice-intake", "sluice-pace", "sluice-settle");
            assertThat(status.get("last_round_seconds_ago"))
                    .allSatisfy(age -> assertThat(age.asDouble()).isBetween(0.0, 30.0));
        }

        awaitPartitions(TestQueue.PARTITIONS * PARTITIONS_OF_A_BUNDLE);
    }

    private void awaitPartitions(int count) {
        for (String name : Set.of("window_fill_ratio", "oldest_unsettled_age_seconds", "committed_offset")) {
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(metrics().keySet())
                            .filteredOn(metric -> metric.startsWith("sluice_partition_" + name + "{"))
                            .hasSize(count));
        }
    }

    @Test
    void hostileNamesDoNotBreakTheText() throws Exception {
        String name = "a\\\"} 1\\nsluice_replies_total 99\\u0000\\u202e\\\\" + "x".repeat(200);
        queue.publish(body(name, "?"));
        publish(body("m", "?"), WireHeaders.TENANT, "t\"} 1\u2029sluice_replies_total 99\u2028\\");
        queue.awaitReplies(2);

        await().atMost(BOUND).untilAsserted(() -> assertThat(metrics()).containsEntry("sluice_replies_total", 2.0));
        assertThat(text("/metrics").lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThan(500))
                .noneMatch(line -> line.startsWith("sluice_replies_total 99"));
    }

    private void publish(String body, String header, String value) {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, header, value);
        queue.publish(body, headers);
    }

    /** Returns the values by names with labels. Fails if a line is neither a comment nor a value. */
    private Map<String, Double> metrics() throws IOException {
        return text("/metrics")
                .lines()
                .filter(line -> !line.startsWith("#"))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.lastIndexOf(' ')),
                        line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)
                                .replace("+Inf", "Infinity")
                                .replace("-Inf", "-Infinity"))));
    }

    private JsonNode status() throws IOException {
        return JsonMapper.shared().readTree(text("/status"));
    }

    private String text(String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://localhost:" + admin.port() + path).toURL().openConnection();
        try (var body = connection.getInputStream()) {
            return new String(body.readAllBytes(), UTF_8);
        }
    }
}
