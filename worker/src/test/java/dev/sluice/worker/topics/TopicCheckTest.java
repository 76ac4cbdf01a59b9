package dev.sluice.worker.topics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicCheckTest {
    private final Topics topics = new Topics("chat");
    private final Map<String, TopicState> states = asPlanned();

    @Test
    void acceptsTopicsAsPlanned() {
        assertThat(TopicCheck.of(topics, states)).isEqualTo(new TopicCheck(List.of(), List.of(), 12));
    }

    @Test
    void namesMissingTopicsAndTheRemedy() {
        states.remove(topics.retry());
        states.remove(topics.dead());

        assertThat(TopicCheck.of(topics, states).refusals())
                .containsExactly("topics chat.requests.retry, chat.requests.dead do not exist; "
                        + "create what is missing with: sluice topics create");
    }

    /** Earlier releases have made all other topics. */
    @ParameterizedTest
    @ValueSource(strings = {"chat.requests.express", "chat.requests.overflow"})
    void saysWhatAQueueOfAnEarlierReleaseLacks(String topic) {
        states.remove(topic);

        assertThat(TopicCheck.of(topics, states).refusals())
                .containsExactly(
                        "topic " + topic + " does not exist; create what is missing with: sluice topics create");
    }

    @Test
    void namesTheQueueInTheRemedy() {
        assertThat(TopicCheck.of(new Topics("bulk"), Map.of()).refusals())
                .containsExactly("the topics of queue 'bulk' do not exist; "
                        + "create what is missing with: sluice topics create --topic bulk");
    }

    @Test
    void refusesInputsThatDifferInPartitions() {
        put(topics.requests(), 24, Map.of());

        TopicCheck check = TopicCheck.of(topics, states);

        assertThat(check.partitions()).isEqualTo(24);
        assertThat(check.refusals())
                .singleElement()
                .asString()
                .contains("chat.requests 24, chat.requests.express 12, chat.requests.retry 12")
                .contains("each needs 24, and chat.requests.overflow 192")
                .endsWith("sluice topics create --partitions 24");
    }

    /** A bundle of overflow that has been begun is completed, since Kafka takes no partition away. */
    @ParameterizedTest
    @CsvSource({"12, 12", "95, 12", "97, 13", "104, 13"})
    void refusesAnOverflowWithoutEightPartitionsForEachOfTheOthers(int overflow, int bundles) {
        put(topics.overflow(), overflow, Map.of());

        assertThat(TopicCheck.of(topics, states).refusals())
                .containsExactly("the input topics differ in their number of partitions (chat.requests 12, "
                        + "chat.requests.express 12, chat.requests.retry 12, chat.requests.overflow " + overflow
                        + ", chat.requests.delay-10s 12, chat.requests.delay-1m 12, chat.requests.delay-10m 12, "
                        + "chat.requests.delay-1h 12): each needs " + bundles + ", and chat.requests.overflow "
                        + 8 * bundles + "; widen the narrower ones with: sluice topics create --partitions " + bundles);
    }

    @Test
    void theRemedyForOtherNamesNamesTheQueue() {
        Topics others = new Topics("prod.team.chat");
        Map<String, TopicState> narrow = new HashMap<>();
        for (TopicPlan plan : TopicPlan.of(others)) {
            int partitions = plan.name().equals(others.retry()) ? 1 : plan.partitions(2);
            narrow.put(plan.name(), new TopicState(plan.name(), partitions, 1, plan.settings()));
        }

        assertThat(TopicDifference.of(others, TopicPlan.of(others), narrow, 2))
                .filteredOn(difference -> difference.setting().equals(TopicDifference.PARTITIONS))
                .singleElement()
                .extracting(TopicDifference::remedy)
                .asString()
                .endsWith(": sluice topics create --topic prod.team.chat --partitions 2");
    }

    @Test
    void saysHowWideOverflowOughtToBe() {
        put(topics.overflow(), 12, Map.of());
        List<TopicPlan> plans = TopicPlan.of(topics);

        assertThat(TopicDifference.of(topics, plans, states, TopicDifference.widest(plans, states)))
                .singleElement()
                .extracting(TopicDifference::sentence)
                .asString()
                .startsWith("chat.requests.overflow: partitions is 12, not 96; ")
                .endsWith("sluice topics create --partitions 12");
    }

    @Test
    void repliesAndDeadLettersMayHaveAnyWidth() {
        put(topics.replies(), 3, Map.of());
        put(topics.dead(), 1, Map.of());

        assertThat(TopicCheck.of(topics, states).refusals()).isEmpty();
    }

    @Test
    void refusesACompactedTopic() {
        put(topics.requests(), 12, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "compact,delete"));

        assertThat(TopicCheck.of(topics, states).refusals())
                .singleElement()
                .asString()
                .contains("topic chat.requests is compacted (cleanup.policy=compact,delete)")
                .endsWith("--topic chat.requests --add-config cleanup.policy=delete");
    }

    @Test
    void warnsOfSettingsThatWillLoseRecords() {
        put(topics.requests(), 12, Map.of(TopicConfig.RETENTION_MS_CONFIG, "3600000"));
        put(topics.retry(), 12, Map.of(TopicConfig.RETENTION_BYTES_CONFIG, "1000"));
        put(topics.dead(), 12, Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "1048588"));
        put(topics.delay(Topics.Tier.ONE_HOUR), 12, Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "CreateTime"));

        TopicCheck check = TopicCheck.of(topics, states);

        assertThat(check.refusals()).isEmpty();
        assertThat(check.warnings())
                .hasSize(4)
                .anySatisfy(warning -> assertThat(warning).contains("chat.requests keeps records for 1h only"))
                .anySatisfy(warning -> assertThat(warning).contains("chat.requests.retry deletes by size"))
                .contains("topic chat.requests.dead takes records of 1048588 bytes only; set max.message.bytes=1114124")
                .anySatisfy(warning -> assertThat(warning).contains("delay-1h has message.timestamp.type=CreateTime"));
    }

    @Test
    void acceptsUnlimitedRetention() {
        put(topics.requests(), 12, Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1"));

        assertThat(TopicCheck.of(topics, states).warnings()).isEmpty();
    }

    @Test
    void warnsIfTheConfigurationMayNotBeRead() {
        states.put(topics.dead(), new TopicState(topics.dead(), 12, 1, Map.of()));

        TopicCheck check = TopicCheck.of(topics, states);

        assertThat(check.refusals()).isEmpty();
        assertThat(check.warnings()).singleElement().asString().contains("allow DescribeConfigs");
    }

    @Test
    void topicsThatRequestsMoveToTakeLargerRecords() {
        Map<String, TopicPlan> plans = new HashMap<>();
        TopicPlan.of(topics).forEach(plan -> plans.put(plan.name(), plan));
        int requests = plans.get(topics.requests()).maxMessageBytes();

        assertThat(requests).isEqualTo(1_048_588);
        assertThat(plans.get(topics.express()).maxMessageBytes()).isEqualTo(requests);
        topics.required().stream()
                .filter(topic -> !topics.isFromProducers(topic))
                .forEach(topic ->
                        assertThat(plans.get(topic).maxMessageBytes()).isGreaterThanOrEqualTo(requests + 65_536));
    }

    @Test
    void topicsOfWorkersHaveSmallSegmentsThatHoldEveryRecord() {
        for (int requestBytes : new int[] {TopicPlan.MAX_REQUEST_BYTES, 200 << 20, 1 << 30}) {
            for (TopicPlan plan : TopicPlan.of(topics, TopicPlan.RETENTION, TopicPlan.DEAD_RETENTION, requestBytes)) {
                boolean isPassing = topics.inputs().contains(plan.name()) && !topics.isFromProducers(plan.name());
                boolean isSmall = isPassing || plan.name().equals(topics.streams());
                assertThat(plan.settings().containsKey(TopicConfig.SEGMENT_BYTES_CONFIG))
                        .isEqualTo(isSmall);
                if (isSmall) {
                    assertThat(Integer.parseInt(plan.settings().get(TopicConfig.SEGMENT_BYTES_CONFIG)))
                            .isGreaterThanOrEqualTo(plan.maxMessageBytes());
                }
            }
        }
    }

    @Test
    void theTopicOfWorkersHasOnePartitionAndIsCompactedWithinMinutes() {
        TopicPlan plan = plan(topics.workers(), 200 << 20);

        assertThat(List.of(1, 12, 1_000)).allMatch(bundles -> plan.partitions(bundles) == 1);
        assertThat(plan.settings())
                .isEqualTo(Map.of(
                        "cleanup.policy", "compact,delete",
                        "retention.ms", "86400000",
                        "retention.bytes", "-1",
                        "segment.ms", "60000",
                        "message.timestamp.type", "LogAppendTime",
                        "max.message.bytes", "1048588"));
    }

    @Test
    void withoutTheTopicOfWorkersAWorkerOnlyWarns() {
        states.remove(topics.workers());

        assertThat(TopicCheck.of(topics, states))
                .isEqualTo(new TopicCheck(
                        List.of(),
                        List.of("topic chat.workers does not exist, so each worker spends only its own part of each "
                                + "limit; create it with: sluice topics create"),
                        12));
    }

    @Test
    void withoutTheTopicOfCancelMarksAWorkerOnlyWarns() {
        states.remove(topics.cancels());

        assertThat(TopicCheck.of(topics, states))
                .isEqualTo(new TopicCheck(
                        List.of(),
                        List.of("topic chat.cancels does not exist, so no request can be cancelled; create it with: "
                                + "sluice topics create"),
                        12));
    }

    @Test
    void withoutTheTopicOfPiecesAWorkerOnlyWarns() {
        states.remove(topics.streams());

        assertThat(TopicCheck.of(topics, states))
                .isEqualTo(new TopicCheck(
                        List.of(),
                        List.of("topic chat.streams does not exist, so whoever waits sees a streamed answer only once "
                                + "it is whole; create it with: sluice topics create"),
                        12));
    }

    @Test
    void piecesOfStreamsStayForMinutesInAsManyPartitionsAsReplies() {
        TopicPlan plan = plan(topics.streams(), TopicPlan.MAX_REQUEST_BYTES);

        assertThat(plan.partitions(12)).isEqualTo(12);
        assertThat(plan.settings())
                .isEqualTo(Map.of(
                        "cleanup.policy", "delete",
                        "retention.ms", "600000",
                        "retention.bytes", "-1",
                        "segment.ms", "600000",
                        "segment.bytes", "67108864",
                        "message.timestamp.type", "LogAppendTime",
                        "max.message.bytes", "1048588"));
    }

    /** Pieces have no key, which a compacted topic needs. No promise depends on them. */
    @Test
    void aCompactedTopicOfPiecesIsAWarning() {
        Map<String, String> settings = new HashMap<>(
                plan(topics.streams(), TopicPlan.MAX_REQUEST_BYTES).settings());
        settings.put("cleanup.policy", "compact");
        put(topics.streams(), 12, settings);

        TopicCheck check = TopicCheck.of(topics, states);

        assertThat(check.refusals()).isEmpty();
        assertThat(check.warnings())
                .singleElement()
                .asString()
                .startsWith("topic chat.streams has cleanup.policy=compact, so Kafka rejects the pieces of streamed");
    }

    /** A mark counts for as long as the requests that it names may wait. */
    @Test
    void marksAreKeptAsLongAsRequestsOnOnePartition() {
        TopicPlan plan = TopicPlan.of(topics, Duration.ofDays(3), Duration.ofDays(1), 1 << 20).stream()
                .filter(each -> each.name().equals(topics.cancels()))
                .findFirst()
                .orElseThrow();

        assertThat(plan.partitions(12)).isEqualTo(1);
        assertThat(plan.settings())
                .isEqualTo(Map.of(
                        "cleanup.policy", "delete",
                        "retention.ms", "259200000",
                        "retention.bytes", "-1",
                        "message.timestamp.type", "LogAppendTime",
                        "max.message.bytes", "1048588"));
    }

    @Test
    void aQueueThatIsMissingIsReportedOnce() {
        assertThat(TopicCheck.of(topics, Map.of()).warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cleanup.policy | delete | so a worker that starts reads all that workers have said for days: ",
                "cleanup.policy | compact | so a record of every worker that was ever killed stays there: ",
                "message.timestamp.type | CreateTime | so a worker's clock decides when Kafka deletes a record: "
            })
    void aTopicOfWorkersWithOtherSettingsIsNoRefusal(String setting, String value, String why) {
        put(topics.workers(), 1, Map.of(setting, value));

        TopicCheck check = TopicCheck.of(topics, states);

        assertThat(check.refusals()).isEmpty();
        assertThat(check.warnings())
                .singleElement()
                .asString()
                .startsWith("topic chat.workers has " + setting + "=" + value + ", " + why)
                .contains("kafka-configs.sh --bootstrap-server HOST:PORT --alter --topic chat.workers --add-config ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "compact"})
    void theRemedyForCleanupNamesBothPoliciesAsKafkasToolTakesThem(String value) {
        put(topics.workers(), 1, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, value));

        assertThat(TopicCheck.of(topics, states).warnings())
                .singleElement()
                .asString()
                .endsWith(" --add-config 'cleanup.policy=[compact,delete]'");
        assertThat(TopicDifference.of(topics, TopicPlan.of(topics), states, 12))
                .singleElement()
                .extracting(TopicDifference::remedy)
                .asString()
                .endsWith(" --add-config 'cleanup.policy=[compact,delete]'");
    }

    @Test
    void acceptsATopicOfWorkersWithMorePartitionsAndItsPoliciesInAnyOrder() {
        put(topics.workers(), 12, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "delete, compact"));

        assertThat(TopicCheck.of(topics, states)).isEqualTo(new TopicCheck(List.of(), List.of(), 12));
        assertThat(TopicDifference.of(topics, TopicPlan.of(topics), states, 12)).isEmpty();
    }

    @Test
    void acceptsSegmentsOfAnySizeAndAge() {
        put(topics.retry(), 12, Map.of(TopicConfig.SEGMENT_MS_CONFIG, "604800000"));
        put(topics.delay(Topics.Tier.ONE_HOUR), 12, Map.of(TopicConfig.SEGMENT_BYTES_CONFIG, "1073741824"));

        assertThat(TopicCheck.of(topics, states)).isEqualTo(new TopicCheck(List.of(), List.of(), 12));
    }

    private TopicPlan plan(String topic, int maxRequestBytes) {
        return TopicPlan.of(topics, TopicPlan.RETENTION, TopicPlan.DEAD_RETENTION, maxRequestBytes).stream()
                .filter(plan -> plan.name().equals(topic))
                .findFirst()
                .orElseThrow();
    }

    private Map<String, TopicState> asPlanned() {
        Map<String, TopicState> planned = new HashMap<>();
        for (TopicPlan plan : TopicPlan.of(topics)) {
            planned.put(plan.name(), new TopicState(plan.name(), plan.partitions(12), 1, plan.settings()));
        }
        return planned;
    }

    private void put(String topic, int partitions, Map<String, String> changed) {
        Map<String, String> settings = new HashMap<>(states.get(topic).settings());
        settings.putAll(changed);
        states.put(topic, new TopicState(topic, partitions, 1, settings));
    }
}
