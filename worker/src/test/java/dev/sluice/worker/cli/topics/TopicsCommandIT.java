package dev.sluice.worker.cli.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.topics.TopicCheck;
import dev.sluice.worker.topics.TopicPlan;
import dev.sluice.worker.topics.TopicState;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TopicsCommandIT {
    private static final Duration BOUND = Duration.ofSeconds(20);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final TestTerminal terminal = new TestTerminal();
    private final Topics topics = new Topics(kafka.uniqueName("topics"));
    private Admin admin;

    @BeforeEach
    void connect() {
        admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    @AfterEach
    void disconnect() {
        admin.close();
    }

    @Test
    void createMakesTopicsThatAWorkerAccepts() throws Exception {
        int code = run("create");

        assertThat(terminal.err()).isEmpty();
        assertThat(code).isZero();
        assertThat(check(1 << 20)).isEqualTo(new TopicCheck(List.of(), List.of(), 12));
        assertThat(states().get(topics.dead()).settings()).containsEntry("retention.ms", "2592000000");
        assertThat(terminal.out().lines())
                .hasSize(1 + topics.all().size())
                .filteredOn(line -> line.endsWith("created"))
                .hasSize(topics.all().size());
    }

    @Test
    void createAgainChangesNothing() throws Exception {
        run("create", "--partitions=2");
        Map<String, TopicState> before = states();

        int code = run("create", "--retention=1d");

        assertThat(code).isZero();
        assertThat(states()).isEqualTo(before);
        assertThat(terminal.out())
                .contains("exists")
                .contains(topics.retry() + ": retention.ms is 604800000 (7d), not 86400000 (1d); to change it: ")
                .contains("--add-config retention.ms=86400000");
    }

    @Test
    void aMissingTopicIsMadeAsWideAsTheOthers() throws Exception {
        make(topics.requests(), 3, Map.of());

        run("create");

        assertThat(check(1 << 20).refusals()).isEmpty();
        assertThat(states().get(topics.retry()).partitions()).isEqualTo(3);
        assertThat(states().get(topics.overflow()).partitions()).isEqualTo(24);
    }

    @Test
    void partitionsWidenEveryInputAndNothingElse() throws Exception {
        run("create", "--partitions=2");

        int code = run("create", "--partitions=4");

        assertThat(code).isZero();
        Map<String, TopicState> states = states();
        assertThat(topics.inputs())
                .allMatch(input -> states.get(input).partitions() == (input.equals(topics.overflow()) ? 32 : 4));
        assertThat(Stream.of(topics.dead(), topics.replies()))
                .allMatch(other -> states.get(other).partitions() == 2);
        assertThat(states.get(topics.workers()).partitions()).isEqualTo(1);
        assertThat(terminal.out()).contains("widened");
    }

    @Test
    void topicsTakeLargerRequestsWhereTheyAreTold() throws Exception {
        run("create", "--partitions=1");
        assertThat(check(1 << 20).refusals()).isEmpty();
        assertThat(check(5 << 20).refusals())
                .singleElement()
                .asString()
                .contains(topics.retry() + " takes records of 1114124 bytes only", "--max-request-bytes is 5242880")
                .endsWith(" --max-request-bytes 5242880");

        int code = run("create", "--max-request-bytes=5242880");

        assertThat(code).as(terminal.err()).isZero();
        assertThat(terminal.out()).contains("enlarged");
        await().atMost(BOUND).until(() -> check(5 << 20).refusals().isEmpty());
        assertThat(states().get(topics.replies()).settings()).containsEntry("max.message.bytes", "8388608");
        assertThat(states().get(topics.dead()).settings()).containsEntry("max.message.bytes", "5308428");
        assertThat(states().get(topics.retry()).settings()).containsEntry("segment.bytes", "67108864");
        run("create", "--max-request-bytes=100MiB");
        assertThat(states().get(topics.retry()).settings())
                .as("a record must fit into a segment")
                .containsEntry("max.message.bytes", "104923148")
                .containsEntry("segment.bytes", "104923148");
    }

    @Test
    void topicsNeverTakeSmallerRequestsThanBefore() throws Exception {
        run("create", "--partitions=1", "--max-request-bytes=5242880");

        run("create", "--max-request-bytes=1000");

        assertThat(states().get(topics.dead()).settings()).containsEntry("max.message.bytes", "5308428");
    }

    @Test
    void theTopicOfRequestsIsNotWidenedIfAnotherInputCannotBe() throws Exception {
        run("create", "--partitions=2");

        int code = new TopicCreation(
                        terminal.terminal(),
                        rejecting(topics.retry()),
                        topics,
                        TopicPlan.of(topics),
                        OptionalInt.of(4),
                        1,
                        false)
                .run();

        assertThat(code).isEqualTo(1);
        Map<String, TopicState> states = states();
        assertThat(topics.inputs())
                .filteredOn(input -> states.get(input).partitions() == 2 * topics.partitionsPerBundle(input))
                .containsExactly(topics.requests(), topics.express(), topics.retry());
        assertThat(terminal.err())
                .contains("topic " + topics.retry() + " could not be widened: ")
                .contains(
                        "topic " + topics.requests() + " was not widened, since " + topics.retry() + " is not as wide")
                .contains(
                        "topic " + topics.express() + " was not widened, since " + topics.retry() + " is not as wide");
    }

    /** The queue of an earlier release, which has more partitions than the default and takes large requests. */
    @Test
    void createBringsAQueueWithoutExpressAndOverflowUpToDate() throws Exception {
        run("create", "--partitions=3", "--max-request-bytes=5242880");
        admin.deleteTopics(List.of(topics.express(), topics.overflow())).all().get();
        await().atMost(BOUND)
                .until(() -> !states().containsKey(topics.express()) && !states().containsKey(topics.overflow()));

        int code = run("create");

        assertThat(code).as(terminal.err()).isZero();
        TopicState express = states().get(topics.express());
        assertThat(express.partitions()).isEqualTo(3);
        assertThat(express.settings()).containsEntry("max.message.bytes", "5242892");
        TopicState overflow = states().get(topics.overflow());
        assertThat(overflow.partitions()).isEqualTo(24);
        assertThat(overflow.settings())
                .containsEntry("max.message.bytes", "5308428")
                .containsEntry("segment.ms", "3600000");
        assertThat(check(5 << 20)).isEqualTo(new TopicCheck(List.of(), List.of(), 3));
    }

    @Test
    void createMakesTheTopicOfWorkersForAQueueThatLacksIt() throws Exception {
        run("create", "--partitions=3");
        admin.deleteTopics(List.of(topics.workers())).all().get();
        await().atMost(BOUND).until(() -> !states().containsKey(topics.workers()));
        Map<String, TopicState> before = states();
        assertThat(run("describe")).as("no reason to refuse").isZero();
        assertThat(terminal.out())
                .containsPattern(Pattern.quote(topics.workers()) + " .*missing")
                .contains("warning: topic " + topics.workers() + " does not exist, so each worker spends only its own")
                .contains("create it with: sluice topics create --topic " + topics.base());

        int code = run("create", "--max-request-bytes=1MiB", "--retention=3d");

        assertThat(code).as(terminal.err()).isZero();
        TopicState made = states().get(topics.workers());
        assertThat(made.partitions()).isEqualTo(1);
        assertThat(made.settings())
                .containsEntry("cleanup.policy", "compact,delete")
                .containsEntry("retention.ms", "86400000")
                .containsEntry("segment.ms", "60000")
                .containsEntry("message.timestamp.type", "LogAppendTime");
        assertThat(states()).as("the other topics").containsAllEntriesOf(before);
        assertThat(check(1 << 20)).isEqualTo(new TopicCheck(List.of(), List.of(), 3));
    }

    @Test
    void noOptionOfCreateChangesAnExistingTopicOfWorkers() throws Exception {
        run("create", "--partitions=2");
        Map<String, TopicState> before = states();

        assertThat(run("create", "--partitions=24", "--max-request-bytes=5MiB")).isZero();

        assertThat(states().get(topics.requests()).partitions()).isEqualTo(24);
        assertThat(terminal.out()).containsPattern(Pattern.quote(topics.requests()) + " .*widened, enlarged");
        assertThat(states().get(topics.workers())).isEqualTo(before.get(topics.workers()));
        assertThat(terminal.out()).containsPattern(Pattern.quote(topics.workers()) + " .*exists");
    }

    @Test
    void describeShowsWhatIsWrongWithTheTopicOfWorkers() throws Exception {
        make(topics.workers(), 3, Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "86400000"));
        run("create", "--partitions=2");
        assertThat(states().get(topics.workers()).partitions()).isEqualTo(3);

        assertThat(run("describe", "--json")).as("no reason to refuse").isZero();

        List<String> lines = terminal.out().lines().toList();
        JsonNode described = JsonMapper.shared().readTree(lines.get(lines.size() - 1));
        JsonNode workers = described
                .get("topics")
                .valueStream()
                .filter(topic -> topic.get("topic").asString().equals(topics.workers()))
                .findFirst()
                .orElseThrow();
        assertThat(workers.get("partitions").asInt()).isEqualTo(3);
        assertThat(workers.get("settings").get("cleanup.policy").asString()).isEqualTo("delete");
        assertThat(workers.get("differences").values())
                .extracting(difference -> difference.get("setting").asString())
                .containsExactly("cleanup.policy", "segment.ms");
        assertThat(described.get("errors")).isEmpty();
        assertThat(described.get("warnings").values())
                .singleElement()
                .extracting(JsonNode::asString)
                .asString()
                .contains(topics.workers() + " has cleanup.policy=delete")
                .endsWith("'cleanup.policy=[compact,delete]'");
    }

    /** Kafka rejects a request for more than 10,000 partitions in all. */
    @Test
    void noRequestIsForMorePartitionsThanTheWidestTopicHas() throws Exception {
        Admin bounded = (Admin) Proxy.newProxyInstance(
                TopicsCommandIT.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("createTopics") && partitions((Collection<?>) arguments[0]) > 16) {
                        throw new PolicyViolationException("Excessively large number of partitions per request.");
                    }
                    return method.invoke(admin, arguments);
                });

        int code = new TopicCreation(
                        terminal.terminal(), bounded, topics, TopicPlan.of(topics), OptionalInt.of(2), 1, false)
                .run();

        assertThat(code).isZero();
        assertThat(check(1 << 20).refusals()).isEmpty();
    }

    private static int partitions(Collection<?> topics) {
        return topics.stream()
                .mapToInt(topic -> ((NewTopic) topic).numPartitions())
                .sum();
    }

    /** A broker that makes topics by itself gives each the same number of partitions. */
    @Test
    void anOverflowAsWideAsTheOthersIsWidenedByTheCommandThatDescribeNames() throws Exception {
        run("create", "--partitions=3");
        admin.deleteTopics(List.of(topics.overflow())).all().get();
        await().atMost(BOUND).until(() -> !states().containsKey(topics.overflow()));
        make(topics.overflow(), 3, Map.of());

        assertThat(run("describe")).isEqualTo(1);
        assertThat(terminal.out())
                .contains(topics.overflow() + " 3", "each needs 3, and " + topics.overflow() + " 24")
                .contains("sluice topics create --topic " + topics.base() + " --partitions 3");
        run("create", "--partitions=3");

        assertThat(check(1 << 20).refusals()).isEmpty();
        assertThat(states().get(topics.overflow()).partitions()).isEqualTo(24);
        assertThat(states().get(topics.retry()).partitions()).isEqualTo(3);
    }

    /** Returns an admin client that asks for fewer partitions of this topic than it has, which a broker rejects. */
    private Admin rejecting(String topic) {
        return (Admin) Proxy.newProxyInstance(
                TopicsCommandIT.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                    boolean widens = method.getName().equals("createPartitions")
                            && ((Map<?, ?>) arguments[0]).containsKey(topic);
                    return widens
                            ? admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(1)))
                            : method.invoke(admin, arguments);
                });
    }

    @Test
    void fewerPartitionsAreReportedAsImpossible() throws Exception {
        run("create", "--partitions=2");

        assertThat(run("create", "--partitions=1")).isZero();
        assertThat(terminal.out()).contains(topics.requests() + ": partitions is 2, not 1; Kafka can't take");
    }

    @Test
    void aRejectionOfTheBrokerIsReportedWithItsReason() throws Exception {
        assertThat(run("create", "--replication=99")).isEqualTo(1);
        assertThat(terminal.err())
                .contains("topic " + topics.requests() + " could not be created: ")
                .contains("99")
                .doesNotContain("\tat ");
    }

    @Test
    void describeShowsProblemsAndRemedies() throws Exception {
        for (String topic : topics.all()) {
            if (!topic.equals(topics.retry()) && !topic.equals(topics.dead())) {
                make(topic, 2 * topics.partitionsPerBundle(topic), Map.of());
            }
        }
        make(topics.retry(), 1, Map.of("cleanup.policy", "compact"));

        int code = run("describe");

        assertThat(code).isEqualTo(1);
        assertThat(terminal.out())
                .contains("error: topic " + topics.dead() + " does not exist")
                .contains("error: the input topics differ in their number of partitions")
                .contains("--topic " + topics.base() + " --partitions 2")
                .contains("error: topic " + topics.retry() + " is compacted");
    }

    @Test
    void describeOfTopicsInOrderIsATable() throws Exception {
        run("create", "--partitions=2");

        assertThat(run("describe")).isZero();
        assertThat(terminal.out())
                .contains("TOPIC", "7d", "30d", "LogAppendTime", "8MiB")
                .containsPattern(Pattern.quote(topics.workers()) + " +1 +1 +1d +1048588 +LogAppendTime")
                .doesNotContain("error", "warning", "differs");
    }

    @Test
    void describeShowsDifferencesFromCreate() throws Exception {
        run("create", "--partitions=2", "--retention=2d");

        assertThat(run("describe", "--retention=2d")).isZero();
        assertThat(terminal.out()).doesNotContain("differs");
        assertThat(run("describe")).isZero();
        assertThat(terminal.out())
                .contains("differs: " + topics.retry()
                        + ": retention.ms is 172800000 (2d), not 604800000 (7d); to change")
                .contains("--topic " + topics.retry() + " --add-config retention.ms=604800000");
    }

    /** A queue that an earlier release has made has large segments, and works. */
    @Test
    void largeSegmentsAreNoMoreThanADifference() throws Exception {
        run("create", "--partitions=2");
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, topics.retry()),
                        List.of(new AlterConfigOp(new ConfigEntry("segment.ms", ""), AlterConfigOp.OpType.DELETE))))
                .all()
                .get();
        await().atMost(BOUND)
                .until(() -> states().get(topics.retry())
                        .settings()
                        .get("segment.ms")
                        .equals("604800000"));

        assertThat(run("describe")).isZero();

        assertThat(terminal.out())
                .contains("differs: " + topics.retry() + ": segment.ms is 604800000 (7d), not 3600000 (1h); to change")
                .doesNotContain("error", "warning");
    }

    @Test
    void anErrorIsNotRepeatedAsADifference() throws Exception {
        run("create", "--partitions=2", "--retention=1h");

        run("describe");

        assertThat(terminal.out())
                .contains("warning: topic " + topics.replies() + " keeps records for 1h only")
                .doesNotContain("differs");
    }

    @Test
    void describeAsJsonHasSettingsAndDifferences() throws Exception {
        make(topics.requests(), 2, Map.of("retention.ms", "172800000"));

        assertThat(run("describe", "--json")).isEqualTo(1);

        JsonNode described = JsonMapper.shared().readTree(terminal.out());
        JsonNode requests = described.get("topics").get(0);
        assertThat(requests.get("topic").asString()).isEqualTo(topics.requests());
        assertThat(requests.get("partitions").asInt()).isEqualTo(2);
        assertThat(requests.get("settings").get("retention.ms").asString()).isEqualTo("172800000");
        assertThat(requests.get("differences").values())
                .extracting(difference -> difference.get("setting").asString())
                .containsExactlyInAnyOrder("retention.ms", "message.timestamp.type");
        assertThat(described.get("topics").get(1).get("exists").asBoolean()).isFalse();
        assertThat(described.get("errors").get(0).asString()).contains("do not exist");
        assertThat(described.get("warnings").get(0).asString()).contains("message.timestamp.type=CreateTime");
    }

    private void make(String topic, int partitions, Map<String, String> settings) throws Exception {
        NewTopic made = new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(settings);
        admin.createTopics(List.of(made)).all().get();
        await().atMost(BOUND).until(() -> states().containsKey(topic));
    }

    private int run(String command, String... options) {
        Stream<String> where = Stream.of(
                "topics", command, "--bootstrap-servers=" + kafka.bootstrapServers(), "--topic=" + topics.base());
        return terminal.run(Stream.concat(where, Stream.of(options)).toArray(String[]::new));
    }

    private TopicCheck check(int maxRequestBytes) throws InterruptedException {
        return TopicCheck.of(admin, topics, BOUND, maxRequestBytes);
    }

    private Map<String, TopicState> states() throws InterruptedException {
        return TopicState.read(admin, topics.all(), BOUND);
    }
}
