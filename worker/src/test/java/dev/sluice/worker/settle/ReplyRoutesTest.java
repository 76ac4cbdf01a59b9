package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.settle.Settlement.Form;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplyRoutesTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final ReplyRoute OWN_REPLIES = new ReplyRoute(TOPICS.replies(), null, 0, null);
    private static final Outcome REPLY = new Outcome.Reply(200, "{}".getBytes(UTF_8), 1);

    private final Map<String, Integer> partitionCounts = new HashMap<>(Map.of("app.answers", 2, TOPICS.replies(), 3));
    private final List<String> lookUps = new ArrayList<>();
    private final Map<String, Set<Integer>> unwritable = new HashMap<>();
    private @Nullable CompletableFuture<TopicLookUp.Partitions> answer;
    private long now = 1_000;
    private final ReplyRoutes routes = new ReplyRoutes(
            new ReplyTopics(TOPICS, List.of(Pattern.compile("app\\..*"), Pattern.compile("chat\\..*"))), this::lookUp);

    @Test
    void aReplyWithoutARequestedTopicGoesToTheOwnTopicWithoutALookUp() {
        assertThat(of(Requests.ofModel("m"))).isEqualTo(OWN_REPLIES);
        assertThat(lookUps).isEmpty();
    }

    @Test
    void aTopicThatExistsIsTaken() {
        assertThat(of(to("app.answers"))).isEqualTo(new ReplyRoute("app.answers", null, 2, null));
        assertThat(of(to("app.answers", 1))).isEqualTo(new ReplyRoute("app.answers", 1, 2, null));
    }

    @Test
    void aPartitionOfTheOwnTopicIsLookedUpToo() {
        assertThat(of(withPartition(Requests.ofModel("m"), 2))).isEqualTo(new ReplyRoute(TOPICS.replies(), 2, 3, null));
        assertThat(of(withPartition(Requests.ofModel("m"), 3)).problem()).contains("has 3");
    }

    @Test
    void aMissingTopicOrPartitionIsAProblemAndTheOwnTopicIsTaken() {
        ReplyRoute topic = of(to("app.nowhere"));
        ReplyRoute partition = of(to("app.answers", 2));

        assertThat(topic.problem()).contains("app.nowhere").contains("does not exist");
        assertThat(partition.problem()).isEqualTo("reply partition 2 does not exist; topic 'app.answers' has 2");
        assertThat(List.of(topic, partition)).allSatisfy(route -> {
            assertThat(route.topic()).isEqualTo(TOPICS.replies());
            assertThat(route.partition()).isNull();
        });
    }

    @Test
    void anInputTopicIsNeitherTakenNorLookedUpWhateverAPatternSays() {
        for (String topic : TOPICS.all()) {
            if (!List.of(TOPICS.replies(), TOPICS.doorReplies(), TOPICS.batchReplies())
                    .contains(topic)) {
                assertThat(of(to(topic)).problem()).contains("not allowed");
            }
        }
        assertThat(of(to("elsewhere")).problem()).contains("--reply-topics");
        assertThat(lookUps).isEmpty();
    }

    @Test
    void aMalformedPartitionIsAProblem() {
        Requests request = Requests.ofModel("m");
        request.headers().add(WireHeaders.REPLY_PARTITION, new byte[] {1, 2});

        assertThat(of(request).problem()).contains(WireHeaders.REPLY_PARTITION);
    }

    @Test
    void aRequeueAndAReplyThatWasRejectedBeforeNeedNoLookUp() {
        Outcome requeue = new Outcome.Requeue(Optional.empty(), 1, 0, 0, "");

        assertThat(routes.of(settlement(to("app.answers"), requeue, Form.AS_ASKED), now))
                .contains(OWN_REPLIES);
        assertThat(routes.of(settlement(to("app.answers"), REPLY, Form.OWN_REPLY_TOPIC), now))
                .contains(OWN_REPLIES);
        assertThat(routes.of(settlement(to("app.answers"), REPLY, Form.BARE), now))
                .contains(OWN_REPLIES);
        assertThat(lookUps).isEmpty();
    }

    @Test
    void aTopicThatWasFoundIsNotLookedUpForAWhile() {
        of(to("app.answers"));
        now += 9_999;
        of(to("app.answers", 1));
        assertThat(lookUps).containsExactly("app.answers");

        partitionCounts.remove("app.answers");
        now += 1;
        assertThat(of(to("app.answers")).problem()).contains("does not exist");
    }

    @Test
    void aMissingTopicIsNotLookedUpForAShorterWhile() {
        of(to("app.new"));
        partitionCounts.put("app.new", 1);
        now += 4_999;
        assertThat(of(to("app.new")).problem()).isNotNull();

        now += 1;
        assertThat(of(to("app.new"))).isEqualTo(new ReplyRoute("app.new", null, 1, null));
    }

    @Test
    void whileATopicIsLookedUpThereIsNoAnswerAndNoSecondLookUp() {
        CompletableFuture<TopicLookUp.Partitions> underWay = new CompletableFuture<>();
        answer = underWay;

        assertThat(routeOf(to("app.answers"))).isEmpty();
        assertThat(routeOf(to("app.answers", 1))).isEmpty();
        underWay.complete(new TopicLookUp.Partitions(2, Set.of()));

        assertThat(of(to("app.answers", 1))).isEqualTo(new ReplyRoute("app.answers", 1, 2, null));
        assertThat(lookUps).containsExactly("app.answers");
    }

    @Test
    void aLookUpThatFailsIsNotTakenForAMissingTopicAndTriedAgain() {
        answer = CompletableFuture.failedFuture(new TimeoutException("no broker"));
        assertThat(routeOf(to("app.answers"))).isEmpty();
        answer = null;
        now += 999;
        assertThat(routeOf(to("app.answers"))).as("not at once").isEmpty();

        now += 1;
        assertThat(of(to("app.answers")).problem()).isNull();
        assertThat(lookUps).hasSize(2);
    }

    @Test
    void aKnownTopicStaysValidWhileItIsLookedUpAgain() {
        of(to("app.answers"));
        now += 10_000;
        answer = new CompletableFuture<>();

        assertThat(of(to("app.answers"))).isEqualTo(new ReplyRoute("app.answers", null, 2, null));
        answer.completeExceptionally(new TimeoutException("no broker"));
        assertThat(of(to("app.answers"))).isEqualTo(new ReplyRoute("app.answers", null, 2, null));
        assertThat(of(to("app.answers"))).as("and is not looked up at once").isNotNull();
        assertThat(lookUps).hasSize(2);
    }

    @Test
    void aResultFromLongAgoDoesNotCountWhileTheTopicIsLookedUpAgain() {
        of(to("app.answers"));
        now += 60_000;
        CompletableFuture<TopicLookUp.Partitions> underWay = new CompletableFuture<>();
        answer = underWay;

        assertThat(routeOf(to("app.answers"))).isEmpty();
        underWay.completeExceptionally(new TimeoutException("no broker"));
        assertThat(of(to("app.answers"))).as("better than none").isNotNull();
    }

    @Test
    void partitionsWithoutALeaderAreLookedUpAgainSoonAndKnownUntilThen() {
        unwritable.put("app.answers", Set.of(1));
        of(to("app.answers"));
        unwritable.clear();
        routes.invalidate();
        CompletableFuture<TopicLookUp.Partitions> underWay = new CompletableFuture<>();
        answer = underWay;
        assertThat(routes.unwritable("app.answers", now)).containsExactly(1);
        underWay.complete(new TopicLookUp.Partitions(2, Set.of(0)));
        answer = null;

        assertThat(routes.unwritable("app.answers", now)).containsExactly(0);
        now += 4_999;
        assertThat(routes.unwritable("app.answers", now)).containsExactly(0);
        now += 1;
        assertThat(routes.unwritable("app.answers", now)).isEmpty();
    }

    @Test
    void allTopicsAreLookedUpAgainAfterAnInvalidation() {
        of(to("app.answers"));
        partitionCounts.remove("app.answers");

        routes.invalidate();

        assertThat(of(to("app.answers")).problem()).contains("does not exist");
    }

    @Test
    void noMoreThanAThousandTopicsAreRemembered() {
        for (int i = 0; i < 1_001; i++) {
            of(to("app.made-up-" + i));
        }
        lookUps.clear();

        of(to("app.made-up-1000"));
        of(to("app.made-up-0"));

        assertThat(lookUps).containsExactly("app.made-up-0");
    }

    private CompletableFuture<TopicLookUp.Partitions> lookUp(String topic) {
        lookUps.add(topic);
        return answer != null
                ? answer
                : CompletableFuture.completedFuture(new TopicLookUp.Partitions(
                        partitionCounts.getOrDefault(topic, 0), unwritable.getOrDefault(topic, Set.of())));
    }

    private ReplyRoute of(Requests request) {
        return routeOf(request).orElseThrow();
    }

    private Optional<ReplyRoute> routeOf(Requests request) {
        return routes.of(settlement(request, REPLY, Form.AS_ASKED), now);
    }

    private static Settlement settlement(Requests request, Outcome outcome, Form form) {
        return new Settlement(request.input(), outcome, form, 5);
    }

    private static Requests to(String topic) {
        return Requests.ofModel("m").withHeader(WireHeaders.REPLY_TOPIC, topic);
    }

    private static Requests to(String topic, int partition) {
        return withPartition(to(topic), partition);
    }

    private static Requests withPartition(Requests request, int partition) {
        request.headers().add(WireHeaders.REPLY_PARTITION, WireHeaders.encodePartition(partition));
        return request;
    }
}
