package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.Worker;
import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.cli.worker.WorkerCommand;
import dev.sluice.worker.observe.PrometheusPage;
import dev.sluice.worker.topics.TopicPlan;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a queue on a broker that others have configured. Clients log in with a password, there are no ACLs, the broker
 * creates each topic that a client asks for, its defaults compact topics and bound their size, and a policy of the
 * company decides which topics are created.
 */
@Timeout(120)
class OtherBrokersIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    /** The requests and replies take about 20 s at the quotas. */
    private static final Duration QUOTA_BOUND = Duration.ofSeconds(90);

    private static final String API_KEY = "api-key";
    private static final String USER = "team";
    private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
            + USER + "\" password=\"secret\" ";

    @TempDir
    private static Path folder;

    private static SandboxBroker broker;
    private static Map<String, Object> properties;
    private static String kafkaConfig;
    private static Admin admin;
    private static KafkaProducer<byte[], byte[]> producer;
    private static TogetherStandIn api;

    private final TestTerminal terminal = new TestTerminal().env("TOGETHER_API_KEY", API_KEY);

    @BeforeAll
    static void start() throws Exception {
        broker = SandboxBroker.start(BrokerSettings.defaults()
                .withProtocol(SecurityProtocol.SASL_PLAINTEXT)
                .withProperty("sasl.enabled.mechanisms", "PLAIN")
                .withProperty("listener.name.clients.plain.sasl.jaas.config", LOGIN + "user_" + USER + "=\"secret\";")
                .withProperty("auto.create.topics.enable", "true")
                .withProperty("num.partitions", "1")
                .withProperty("log.cleanup.policy", "compact")
                .withProperty("log.retention.bytes", "10000000")
                .withProperty("log.retention.ms", "3600000")
                .withProperty("create.topic.policy.class.name", CompanyTopicPolicy.class.getName()));
        properties = Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                LOGIN + ";");
        List<String> lines = properties.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
        kafkaConfig = Files.write(folder.resolve("kafka.properties"), lines).toString();
        admin = Admin.create(properties);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(API_KEY));
    }

    @AfterAll
    static void stop() {
        if (api != null) {
            api.close();
            producer.close();
            admin.close();
        }
        if (broker != null) { // its start may have failed
            broker.close();
        }
    }

    /** The broker's defaults delete records of a topic that leaves the choice to them. */
    @Test
    void aQueueLeavesNothingToTheDefaultsOfTheBroker() throws Exception {
        Topics topics = new Topics("prod.team.chat");

        assertThat(run("topics", "create", topics, "--partitions=1"))
                .as(terminal.err())
                .isZero();

        assertThat(run("topics", "describe", topics)).isZero();
        assertThat(terminal.out()).contains(topics.dead()).doesNotContain("error: ", "warning: ", "differs: ");
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker(topics, "prod")) {
            publish(topics, "one");
            statuses(topics).await("one", "ok");

            assertThat(log.all()).noneMatch(line -> line.startsWith("WARN"));
            assertThat(worker.health().warnings()).isEmpty();
        }
    }

    /** The broker has made the topic of the first request as it makes all topics. */
    @Test
    void aTopicOfAProducerThatCameFirstIsSaidAndItsRequestsAreAnswered() throws Exception {
        Topics topics = new Topics("early.chat");
        publish(topics, "before the topics");

        assertThat(run("topics", "create", topics)).as(terminal.err()).isZero();

        assertThat(terminal.out())
                .contains(
                        "The new topics are as narrow as the others, so at most 1 worker has work; to widen the queue: "
                                + "sluice topics create --topic early.chat --partitions 12")
                .contains("early.chat.requests: cleanup.policy is compact, not delete; to change it: ")
                .contains("early.chat.requests: message.timestamp.type is CreateTime, not LogAppendTime; to change it");
        assertThat(terminal.run(workerLine(topics, "early"))).isEqualTo(2);
        assertThat(terminal.err())
                .contains("topic early.chat.requests is compacted (cleanup.policy=compact), so Kafka would delete")
                .contains("--alter --topic early.chat.requests --add-config cleanup.policy=delete");
        alter(topics.requests(), "cleanup.policy", "delete");
        try (Worker worker = worker(topics, "early")) {
            statuses(topics).await("before the topics", "ok");
            assertThat(worker.health().livenessFailures()).isEmpty();
        }
    }

    @Test
    void neitherCommandsNorWorkersCreateTopicsByAskingForThem() throws Exception {
        Topics missing = new Topics("none.chat");
        for (List<String> command : List.of(
                List.of("topics", "describe"),
                List.of("status"),
                List.of("workers"),
                List.of("dlq", "list"),
                List.of("cancel", "some-id"),
                List.of("ask", "--model=m", "--timeout=2s", "?"),
                List.of("worker"))) {
            List<String> line = new ArrayList<>(command);
            line.addAll(List.of("--kafka-config=" + kafkaConfig, "--topic=" + missing.base()));
            assertThat(terminal.run(line.toArray(String[]::new))).as("%s", line).isNotZero();
        }
        Topics topics = new Topics("needed.chat");
        List<NewTopic> needed = TopicPlan.of(topics).stream()
                .filter(plan -> topics.required().contains(plan.name()))
                .map(plan -> new NewTopic(plan.name(), plan.partitions(1), (short) 1).configs(plan.settings()))
                .toList();
        SandboxTopics.create(admin, needed);
        try (Worker worker = worker(topics, "needed", "--reply-topics=needed\\..*")) {
            publish(topics, "elsewhere", WireHeaders.REPLY_TOPIC, "needed.nowhere");
            publish(topics, "here");
            statuses(topics).await("here", "ok");
            statuses(topics).await("elsewhere", "failed");
            assertThat(worker.health().livenessFailures()).isEmpty();
        }

        assertThat(names("none.")).isEmpty();
        assertThat(names("needed.")).containsExactlyInAnyOrderElementsOf(topics.required());
    }

    @Test
    void whatThePolicyOfACompanyForbidsIsSaidWithTheRemedy() throws Exception {
        assertThat(run("topics", "create", new Topics("chat"))).isEqualTo(1);
        assertThat(terminal.err())
                .contains("topic chat.requests could not be created: the name of topic chat.requests begins with no")
                .contains("'sluice topics create --print' prints what the queue needs, for whoever may create it");
        assertThat(names("chat.")).isEmpty();
    }

    @Test
    void aWorkerDoesWithoutTheTopicThatThePolicyForbids() throws Exception {
        Topics topics = new Topics("strict.chat");

        assertThat(run("topics", "create", topics, "--partitions=1")).isEqualTo(1);

        assertThat(terminal.err())
                .contains("topic strict.chat.workers could not be created: compaction is not allowed")
                .contains("'sluice topics create --print' prints what the queue needs, for whoever may create it")
                .hasLineCount(2);
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = worker(topics, "strict")) {
            publish(topics, "alone");
            statuses(topics).await("alone", "ok");

            assertThat(log.all())
                    .filteredOn(line -> line.startsWith("WARN"))
                    .singleElement()
                    .asString()
                    .contains("topic strict.chat.workers does not exist, so each worker spends only its own part");
            assertThat(worker.health().livenessFailures()).isEmpty();
        }
        SandboxTopics.create(
                admin,
                List.of(new NewTopic(topics.workers(), 1, (short) 1)
                        .configs(Map.of("cleanup.policy", "delete", "message.timestamp.type", "LogAppendTime"))));
        assertThat(run("topics", "create", topics)).isZero();
        assertThat(run("topics", "describe", topics)).as("a worker starts").isZero();
        assertThat(terminal.out()).contains("warning: topic strict.chat.workers has cleanup.policy=delete");
    }

    /** A quota of bytes allows ten times as many at once, and the requests and their replies are more than that. */
    @Test
    void quotasSlowAWorkerDownAndNothingFails() throws Exception {
        int requests = 60;
        Topics topics = new Topics("slow.chat");
        assertThat(run("topics", "create", topics, "--partitions=1")).isZero();
        ClientQuotaEntity user = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, USER));
        for (int i = 0; i < requests; i++) {
            publish(topics, "slow-" + i, "x-padding", "x".repeat(300));
        }
        long before = api.calls();
        setQuotas(user, 3_000.0, 2_000.0);
        try (PrometheusPage page = new PrometheusPage("test");
                Worker worker = Worker.start(config(topics, "slow"), page.metrics(), OpenTelemetry.noop())) {
            await().atMost(QUOTA_BOUND).until(() -> api.calls() == before + requests);
            await().atMost(BOUND)
                    .untilAsserted(() -> assertThat(new String(page.now("").body(), UTF_8))
                            .containsPattern("kafka_producer_produce_throttle_time_max(\\{.*})? [1-9]")
                            .containsPattern("kafka_consumer_fetch_manager_fetch_throttle_time_max(\\{.*})? [1-9]"));
            assertThat(worker.health().livenessFailures()).isEmpty();
            setQuotas(user, null, null);
            for (int i = 0; i < requests; i += 15) {
                statuses(topics).await("slow-" + i, "ok");
            }
        } finally {
            setQuotas(user, null, null);
        }
        assertThat(api.calls()).isEqualTo(before + requests);
    }

    /** Their names are all that two environments on one broker have to keep apart. */
    @Test
    void twoEnvironmentsOnOneBrokerShareNothing() throws Exception {
        Topics test = new Topics("test.env.chat");
        Topics live = new Topics("live.env.chat");
        assertThat(run("topics", "create", test, "--partitions=1")).isZero();
        assertThat(run("topics", "create", live, "--partitions=1")).isZero();
        publish(test, "of both");
        publish(live, "of both");
        try (Worker ofTest = worker(test, "sluice");
                Worker ofLive = worker(live, "sluice")) {
            publish(test, "of test");
            publish(live, "of live");
            for (String id : List.of("of both", "of test")) {
                statuses(test).await(id, "ok");
            }
            for (String id : List.of("of both", "of live")) {
                statuses(live).await(id, "ok");
            }
            assertThat(ofTest.health().warnings()).isEmpty();
            assertThat(ofLive.health().warnings()).isEmpty();
            assertThat(run("workers", "", test)).isZero();
        }
        assertThat(statuses(live).of("of test")).isEmpty();
        assertThat(statuses(test).of("of live")).isEmpty();
    }

    private int run(String command, String subcommand, Topics topics, String... options) {
        Stream<String> line =
                Stream.of(command, subcommand, "--kafka-config=" + kafkaConfig, "--topic=" + topics.base());
        return terminal.run(Stream.concat(line.filter(word -> !word.isEmpty()), Stream.of(options))
                .toArray(String[]::new));
    }

    private static String[] workerLine(Topics topics, String group, String... options) {
        return Stream.concat(
                        Stream.of(
                                "worker",
                                "--kafka-config=" + kafkaConfig,
                                "--base-url=" + api.baseUrl(),
                                "--topic=" + topics.base(),
                                "--group=" + group,
                                "--limit=*=none",
                                "--drain-timeout=2s",
                                "--admin-port=0"),
                        Stream.of(options))
                .toArray(String[]::new);
    }

    private Worker worker(Topics topics, String group, String... options) throws Exception {
        return Worker.start(config(topics, group, options));
    }

    private WorkerConfig config(Topics topics, String group, String... options) throws Exception {
        ParsedCommand parsed = ParsedCommand.of(terminal, workerLine(topics, group, options));
        assertThat(parsed.problems()).isEmpty();
        return ((WorkerCommand) parsed.command()).config();
    }

    private static ReplyStatuses statuses(Topics topics) {
        return new ReplyStatuses(properties, topics.replies());
    }

    private static void publish(Topics topics, String id, String... headers) throws Exception {
        byte[] body = ("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + topics.base() + " " + id
                        + "\"}]}")
                .getBytes(UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topics.requests(), null, id.getBytes(UTF_8), body);
        WireHeaders.set(record.headers(), WireHeaders.ID, id);
        for (int i = 0; i + 1 < headers.length; i += 2) {
            WireHeaders.set(record.headers(), headers[i], headers[i + 1]);
        }
        producer.send(record).get();
    }

    private static void alter(String topic, String setting, String value) throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, topic),
                        List.of(new AlterConfigOp(new ConfigEntry(setting, value), AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    private static void setQuotas(ClientQuotaEntity user, @Nullable Double written, @Nullable Double read)
            throws ExecutionException, InterruptedException {
        Map<String, Double> quotas = new HashMap<>();
        quotas.put("producer_byte_rate", written);
        quotas.put("consumer_byte_rate", read);
        quotas.put("request_percentage", written == null ? null : 20.0);
        List<ClientQuotaAlteration.Op> operations = quotas.entrySet().stream()
                .map(quota -> new ClientQuotaAlteration.Op(quota.getKey(), quota.getValue()))
                .toList();
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(user, operations)))
                .all()
                .get();
    }

    private static Set<String> names(String prefix) throws ExecutionException, InterruptedException {
        Set<String> names = admin.listTopics().names().get();
        names.removeIf(name -> !name.startsWith(prefix));
        return names;
    }
}
