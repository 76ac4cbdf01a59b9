package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.LogLines;
import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.cli.worker.WorkerCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationLayersTest {
    private final TestTerminal terminal = new TestTerminal().env("TOGETHER_API_KEY", "secret");

    @TempDir
    private Path folder;

    @Test
    void everyKeyIsPinned() {
        assertThat(OptionNames.allKeys(CommandTree.of(terminal.terminal())))
                .containsExactly(
                        "address",
                        "admin-address",
                        "admin-port",
                        "api-ca",
                        "api-key-file",
                        "api-proxy",
                        "base-url",
                        "bootstrap-servers",
                        "cache-bytes",
                        "call-timeout",
                        "dead-retention",
                        "drain-timeout",
                        "errors",
                        "files-dir",
                        "group",
                        "history-dir",
                        "instance-id",
                        "json",
                        "kafka-config",
                        "keys-file",
                        "lanes",
                        "limit",
                        "log-format",
                        "log-level",
                        "log-requests",
                        "max-age",
                        "max-attempts",
                        "max-batch-lines",
                        "max-file-bytes",
                        "max-in-flight",
                        "max-request-bytes",
                        "max-response-bytes",
                        "max-stored-bytes",
                        "max-tokens",
                        "max-wait",
                        "max-waiting",
                        "model",
                        "new-group",
                        "ordered",
                        "output",
                        "partitions",
                        "plugins",
                        "port",
                        "read-ahead",
                        "read-ahead-bytes",
                        "replication",
                        "reply-topics",
                        "resume",
                        "retention",
                        "retry-failed",
                        "skip-invalid",
                        "stream",
                        "system",
                        "temperature",
                        "timeout",
                        "tls-cert",
                        "tls-key",
                        "topic",
                        "user-header",
                        "users-file",
                        "watch",
                        "weight",
                        "window",
                        "without-keys",
                        "without-users",
                        "workers");
        assertThat(OptionNames.allEnv(CommandTree.of(terminal.terminal())))
                .hasSize(67)
                .contains("SLUICE_CONFIG", "SLUICE_CALL_TIMEOUT", "SLUICE_MAX_IN_FLIGHT");
    }

    @Test
    void commandLineWinsThenEnvironmentThenFile() throws Exception {
        Path file = file("call-timeout=1s\nmax-attempts=11\nread-ahead=111\nlimit=a=1/s");
        terminal.env("SLUICE_MAX_ATTEMPTS", "22")
                .env("SLUICE_READ_AHEAD", "222")
                .env("SLUICE_LIMIT", "b=1/s;c=2/s");

        WorkerConfig config = config("worker", "--config", file.toString(), "--read-ahead=333");

        assertThat(config.api().callTimeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.retries().maxAttempts()).isEqualTo(22);
        assertThat(config.memory().readAhead()).isEqualTo(333);
        assertThat(config.pacing().limits()).containsOnlyKeys("b", "c");
    }

    @Test
    void aRepeatableOptionOnTheCommandLineReplacesTheLowerLayers() throws Exception {
        terminal.env("SLUICE_LIMIT", "b=1/s;c=2/s");

        assertThat(config("worker", "--limit=d=3/s").pacing().limits()).containsOnlyKeys("d");
    }

    @Test
    void theFileCanBeNamedInTheEnvironment() throws Exception {
        terminal.env("SLUICE_CONFIG", file("max-attempts=11").toString());

        assertThat(config("worker").retries().maxAttempts()).isEqualTo(11);
    }

    @Test
    void variablesOfKafkaAndTogetherAreReadAndOursWin() throws Exception {
        terminal.env("KAFKA_BOOTSTRAP_SERVERS", "k:1").env("TOGETHER_BASE_URL", "http://together/v1");
        assertThat(config("worker").queue().kafka()).containsEntry("bootstrap.servers", "k:1");
        assertThat(config("worker").api().baseUrl()).hasToString("http://together/v1");

        terminal.env("SLUICE_BOOTSTRAP_SERVERS", "s:1").env("SLUICE_BASE_URL", "http://sluice/v1");
        assertThat(config("worker").queue().kafka()).containsEntry("bootstrap.servers", "s:1");
        assertThat(config("worker").api().baseUrl()).hasToString("http://sluice/v1");
    }

    @Test
    void aValueIsNotInterpolated() throws Exception {
        terminal.env("SLUICE_GROUP", "${env:HOME}");

        assertThat(config("worker").queue().group()).isEqualTo("${env:HOME}");
    }

    @Test
    void everyProblemIsReportedAtOnce() throws Exception {
        Path file = file("call-timeout=abc\nlimt=x\npartitions=3");
        terminal.env("SLUICE_READ_AHEAD", "12q").env("SLUICE_MAX_IN_FLIGT", "3");

        int code = terminal.run(
                "worker",
                "--config=" + file,
                "--limit=foo",
                "--max-attempts=x",
                "--drain-tmeout=3s",
                "--max-in-flight=0");

        assertThat(code).isEqualTo(2);
        assertThat(terminal.err())
                .contains("sluice worker: 8 problems")
                .contains("--limit: 'foo' is none of MODEL=10/s")
                .contains("--max-attempts: 'x' is no whole number")
                .contains("unknown option --drain-tmeout; did you mean --drain-timeout?")
                .contains("call-timeout in " + file + ": 'abc' is no duration")
                .contains("environment variable SLUICE_READ_AHEAD: '12q' is no whole number")
                .contains("unknown environment variable SLUICE_MAX_IN_FLIGT; did you mean SLUICE_MAX_IN_FLIGHT?")
                .contains("unknown key limt in " + file + "; did you mean limit?")
                .contains("--max-in-flight: must be 1 to 100000, is '0'")
                .doesNotContain("Exception");
    }

    @Test
    void aWrongLastWordDoesNotHideProblemsOfTheOtherLayers() throws Exception {
        terminal.env("SLUICE_READ_AHEAD", "12q").env("SLUICE_MAX_ATTEMPTS", "0");

        terminal.run("worker", "--max-in-flight=x");

        assertThat(terminal.err())
                .contains("sluice worker: 3 problems")
                .contains(
                        "--max-in-flight: 'x'",
                        "SLUICE_READ_AHEAD: '12q'",
                        "--max-attempts: must be 1 or more, is '0'");
    }

    @Test
    void aKeyOnTheCommandLineIsRefusedAndNotRepeated() {
        terminal.run("worker", "--api-key", "sk-very-secret");
        terminal.run("worker", "--api-key=sk-very-secret");

        assertThat(terminal.err())
                .contains("TOGETHER_API_KEY")
                .contains("--api-key-file")
                .doesNotContain("sk-very-secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SLUICE_SERVICE_HOST",
                "SLUICE_PORT",
                "SLUICE_SERVICE_PORT_HTTP",
                "SLUICE_PORT_9400_TCP_ADDR",
                "SLUICE_WORKER_SERVICE_HOST",
                "SLUICE_WORKER_PORT_9400_TCP"
            })
    void serviceVariablesOfKubernetesAreNoProblem(String name) throws Exception {
        terminal.env(name, "tcp://10.0.0.1:9400");

        assertThat(ParsedCommand.of(terminal, "worker").problems()).isEmpty();
        assertThat(ParsedCommand.of(terminal, "gateway").problems()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"group.id=x", "transactional.id=x", "isolation.level=read_uncommitted"})
    void propertiesThatTheGuaranteesRestOnCannotBeSet(String line) throws Exception {
        Path kafka = file(line);

        assertThat(ParsedCommand.of(terminal, "worker", "--kafka-config=" + kafka)
                        .problems())
                .singleElement()
                .asString()
                .contains("cannot be set");
    }

    @Test
    void aMistypedPropertyIsWarnedOf() throws Exception {
        Path kafka = file("sasl.mechanisim=PLAIN\nclient.id=mine");

        try (LogLines log = new LogLines(KafkaOptions.class)) {
            config("worker", "--kafka-config=" + kafka);

            assertThat(log.all())
                    .containsExactly("WARN sasl.mechanisim in " + kafka
                            + " is known to no Kafka client; did you mean sasl.mechanism?");
        }
    }

    @Test
    void aByteOrderMarkIsNotPartOfTheFirstKey() throws Exception {
        Path kafka = file("\ufeffclient.id=mine");

        assertThat(config("worker", "--kafka-config=" + kafka).queue().kafka()).containsEntry("client.id", "mine");
    }

    @Test
    void aMissingTrustStoreIsNamed() throws Exception {
        Path kafka = file("ssl.truststore.location=/nonexistent/ca.pem\nsecurity.protocol=SSL");

        assertThat(ParsedCommand.of(terminal, "worker", "--kafka-config=" + kafka)
                        .problems())
                .containsExactly("ssl.truststore.location in " + kafka
                        + ": cannot read /nonexistent/ca.pem: there is no" + " such file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "a+=1/s       | 'a+=1/s' lacks a model beside '+'",
                "+a=1/s       | '+a=1/s' lacks a model beside '+'",
                "a++b=1/s     | 'a++b=1/s' lacks a model beside '+'",
                "a+b+ a=1/s   | 'a+b+ a=1/s' names model 'a' twice; keep one",
                "a+*=1/s      | 'a+*=1/s' has * or all beside other models; say all=10/s",
                "all+a=1/s    | 'all+a=1/s' has * or all beside other models; say all=10/s",
                "a+b=none     | 'a+b=none' gives several models no limit in common; leave it out",
                "all=none     | 'all=none' gives several models no limit in common; leave it out",
                "a+b=ten      | in 'a+b=ten' limit 'ten' is none of 10/s",
                "a+b=1/s;b+a=2/s | group 'a+b' has more than one; keep one",
                "all=1/s;all=2/s | group 'all' has more than one; keep one"
            })
    void aGroupThatIsWronglyNamedIsAProblem(String limit, String problem) throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--limit=" + limit).problems())
                .singleElement()
                .asString()
                .startsWith("--limit: " + problem);
    }

    @Test
    void aModelWithTwoLimitsIsAProblem() throws Exception {
        assertThat(ParsedCommand.of(terminal, "worker", "--limit=a=1/s", "--limit=a=2/s")
                        .problems())
                .containsExactly("--limit: model 'a' has more than one; keep one");
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("sluice.properties"), text);
    }

    private WorkerConfig config(String... args) throws InterruptedException {
        ParsedCommand parsed = ParsedCommand.of(terminal, args);
        assertThat(parsed.problems()).isEmpty();
        return ((WorkerCommand) parsed.command()).config();
    }
}
