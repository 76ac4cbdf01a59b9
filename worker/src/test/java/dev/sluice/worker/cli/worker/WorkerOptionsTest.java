package dev.sluice.worker.cli.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.call.ApiProxy;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerOptionsTest {
    private final TestTerminal terminal = new TestTerminal().env("TOGETHER_API_KEY", "secret");

    @TempDir
    private Path folder;

    @Test
    void defaultsArePinned() throws Exception {
        WorkerConfig config = config("worker");

        assertThat(config.queue().topics().base()).isEqualTo("chat");
        assertThat(config.queue().group()).isEqualTo("sluice");
        assertThat(config.queue().newGroup()).isFalse();
        assertThat(config.pacing().limits()).isEmpty();
        assertThat(config.pacing().maxInFlight()).isEqualTo(512);
        assertThat(config.api().callTimeout()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.retries().maxAttempts()).isEqualTo(5);
        assertThat(config.retries().maxAge()).isEmpty();
        assertThat(config.drainTimeout()).isEqualTo(Duration.ofSeconds(25));
        assertThat(config.queue().instanceId()).isEmpty();
        assertThat(config.queue().replyTopics()).isEmpty();
        assertThat(config.memory().readAhead()).isEqualTo(2000);
        assertThat(config.memory().readAheadBytes()).isEqualTo(64 * 1024 * 1024);
        assertThat(config.memory().cacheBytes()).isEqualTo(64 * 1024 * 1024);
        assertThat(config.memory().maxRequestBytes()).isEqualTo(1024 * 1024);
        assertThat(config.memory().maxResponseBytes()).isEqualTo(7 * 1024 * 1024);
        assertThat(config.api().baseUrl()).isEqualTo(URI.create("https://api.together.ai/v1"));
        assertThat(config.api().apiKey().get()).isEqualTo("secret");
        assertThat(config.api().proxy()).isEmpty();
        assertThat(config.api().authorities()).isEmpty();
        assertThat(config.queue().kafka()).isEqualTo(Map.of("bootstrap.servers", "localhost:9092"));
    }

    @Test
    void everyOptionReachesTheConfiguration() throws Exception {
        Path kafka =
                Files.writeString(folder.resolve("kafka.properties"), "security.protocol=SSL\nbootstrap.servers=a:1");
        Path key = Files.writeString(folder.resolve("key"), "from-file\n");

        WorkerConfig config = config(
                "worker",
                "--topic=bulk",
                "--group=g",
                "--new-group",
                "--limit=a=b/c=10/s",
                "--limit",
                "*=none",
                "--max-in-flight=7",
                "--weight=search=3",
                "--weight=a=b=1000;c = 2",
                "--call-timeout=90s",
                "--max-attempts=2",
                "--max-age=1d",
                "--drain-timeout=PT3S",
                "--instance-id=w-1",
                "--reply-topics=x[.].*",
                "--reply-topics=y;z",
                "--read-ahead=11",
                "--read-ahead-bytes=1MiB",
                "--cache-bytes=5MiB",
                "--max-request-bytes=3KiB",
                "--max-response-bytes=2MiB",
                "--base-url=http://localhost:8080/v1/",
                "--api-key-file=" + key,
                "--api-proxy=http://me:geheim@proxy:3128",
                "--kafka-config=" + kafka,
                "--bootstrap-servers=b:2",
                "--log-level=debug",
                "--log-format=json");

        assertThat(config.queue().topics().base()).isEqualTo("bulk");
        assertThat(config.queue().group()).isEqualTo("g");
        assertThat(config.queue().newGroup()).isTrue();
        assertThat(config.pacing().limits())
                .isEqualTo(
                        Map.of("a=b/c", ConfiguredLimit.parse("10/s"), WorkerConfig.ANY_MODEL, ConfiguredLimit.NONE));
        assertThat(config.pacing().maxInFlight()).isEqualTo(7);
        assertThat(config.pacing().weights()).isEqualTo(Map.of("search", 3, "a=b", 1_000, "c", 2));
        assertThat(config.api().callTimeout()).isEqualTo(Duration.ofSeconds(90));
        assertThat(config.retries().maxAttempts()).isEqualTo(2);
        assertThat(config.retries().maxAge()).contains(Duration.ofDays(1));
        assertThat(config.drainTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(config.queue().instanceId()).isEqualTo(Optional.of("w-1"));
        assertThat(config.queue().replyTopics()).extracting(Pattern::pattern).containsExactly("x[.].*", "y", "z");
        assertThat(config.memory().readAhead()).isEqualTo(11);
        assertThat(config.memory().readAheadBytes()).isEqualTo(1 << 20);
        assertThat(config.memory().cacheBytes()).isEqualTo(5 << 20);
        assertThat(config.memory().maxRequestBytes()).isEqualTo(3 << 10);
        assertThat(config.memory().maxResponseBytes()).isEqualTo(2 << 20);
        assertThat(config.api().baseUrl()).isEqualTo(URI.create("http://localhost:8080/v1"));
        assertThat(config.api().apiKey().get()).isEqualTo("from-file");
        assertThat(config.api().proxy()).contains(new ApiProxy("proxy", 3128, Optional.of("me"), "geheim"));
        assertThat(config.toString()).contains("http://proxy:3128").doesNotContain("geheim");
        assertThat(config.queue().kafka()).isEqualTo(Map.of("security.protocol", "SSL", "bootstrap.servers", "b:2"));
    }

    @Test
    void modelsMayHaveALimitInCommon() throws Exception {
        WorkerConfig config = config("worker", "--limit=c/d-1.5:x + b=20/s,9 tokens/day;all=50/h;b=2/s;a=b/c=1/s");

        assertThat(config.pacing().limits())
                .isEqualTo(Map.of(
                        "b+c/d-1.5:x", ConfiguredLimit.parse("20/s,9 tokens/day"),
                        "all", ConfiguredLimit.parse("50/h"),
                        "b", ConfiguredLimit.parse("2/s"),
                        "a=b/c", ConfiguredLimit.parse("1/s")));
    }

    @Test
    void kafkaConfigNamesTheBrokerWithoutAnOption() throws Exception {
        Path kafka = Files.writeString(folder.resolve("kafka.properties"), "bootstrap.servers=a:1");

        assertThat(config("worker", "--kafka-config=" + kafka).queue().kafka())
                .containsEntry("bootstrap.servers", "a:1");
    }

    @Test
    void toStringShowsNoSecret() throws Exception {
        Path kafka = Files.writeString(folder.resolve("kafka.properties"), "ssl.key.password=hunter2");

        assertThat(config("worker", "--kafka-config=" + kafka).toString())
                .contains("ssl.key.password")
                .doesNotContain("hunter2", "secret");
    }

    @Test
    void aBodyLargerThanAnArrayIsRefused() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--max-request-bytes=2GiB", "--max-response-bytes=2GiB")
                        .problems())
                .containsExactly(
                        "--max-request-bytes: must be less than 2GiB, is '2GiB'",
                        "--max-response-bytes: must be less than 2GiB, is '2GiB'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"search", "=3", " =3", "search=", "search=three", "search=-1", "search=10000"})
    void aWeightIsOfATenant(String weight) throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--weight=" + weight).problems())
                .containsExactly(
                        "--weight: '" + weight + "' is not TENANT=WEIGHT, such as search=3 with a weight of 1 to 1000");
    }

    @Test
    void aWeightIsWithinItsBoundsAndTheOnlyOneOfItsTenant() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--weight=search=0").problems())
                .containsExactly("--weight: 'search=0' has a weight that is not 1 to 1000");
        assertThat(ParsedCommand.of(terminal, "worker", "--weight=search=1;search=2")
                        .problems())
                .containsExactly("--weight: tenant 'search' has more than one; keep one");
    }

    @Test
    void theCacheCanBeTurnedOff() throws Exception {
        assertThat(config("worker", "--cache-bytes=0").memory().cacheBytes()).isZero();
    }

    @Test
    void anImpossiblePortIsRefused() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--admin-port=65536").problems())
                .containsExactly("--admin-port: must be 0 to 65535, is '65536'");
    }

    @Test
    void theProxyComesFromTheEnvironmentAsForOtherPrograms() throws Exception {
        terminal.env("HTTPS_PROXY", "http://proxy:3128").env("NO_PROXY", ".corp");

        assertThat(config("worker").api().proxy()).map(ApiProxy::toString).contains("http://proxy:3128");
        assertThat(config("worker", "--base-url=https://vllm.corp/v1").api().proxy())
                .isEmpty();
        assertThat(config("worker", "--api-proxy=none").api().proxy()).isEmpty();
    }

    @Test
    void aProxyThatCannotBeUsedIsRefused() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--api-proxy=socks5://me:geheim@proxy:1080")
                        .problems())
                .containsExactly("--api-proxy: must be http://[USER:PASSWORD@]HOST:PORT, or none, is "
                        + "'socks5://***@proxy:1080'");
    }

    @Test
    void aFileWithoutAuthoritiesIsRefusedWithTheRemedy() throws Exception {
        Path missing = folder.resolve("missing.pem");
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        Path key = Files.writeString(folder.resolve("key.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n");

        assertThat(ParsedCommand.of(terminal, "worker", "--api-ca=" + missing).problems())
                .containsExactly(
                        "--api-ca: " + missing + ": no such file; give a PEM file with one or more " + "certificates");
        assertThat(ParsedCommand.of(terminal, "worker", "--api-ca=" + empty).problems())
                .containsExactly("--api-ca: " + empty + ": no certificate in it; give a PEM file with one or more");
        assertThat(ParsedCommand.of(terminal, "worker", "--api-ca=" + key).problems())
                .containsExactly("--api-ca: " + key + ": is no certificate; give a PEM file with one or more");
    }

    @Test
    void aBaseUrlThatCannotBeRightIsRefusedWithTheRightOne() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--base-url=https://api.together.xyz/v1/chat/completions")
                        .problems())
                .containsExactly("--base-url: must be the base only, without /chat/completions: "
                        + "https://api.together.xyz/v1, is 'https://api.together.xyz/v1/chat/completions'");
    }

    @Test
    void aBaseUrlThatCannotBeReadIsNotShown() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--base-url=https://me:geh eim@api.test/v1")
                        .problems())
                .singleElement()
                .asString()
                // where in the authority: JDK 25 counts up to the character, earlier ones to the authority
                .matches("--base-url: no URL: Illegal character in authority at index (8|14)");
        terminal.env("TOGETHER_BASE_URL", "https://api.test/v1?key=geh eim");
        assertThat(ParsedCommand.of(terminal, "worker").problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("no URL: ").doesNotContain("geh"));
    }

    private WorkerConfig config(String... args) throws InterruptedException {
        ParsedCommand parsed = ParsedCommand.of(terminal, args);
        assertThat(parsed.problems()).isEmpty();
        return ((WorkerCommand) parsed.command()).config();
    }
}
