package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Cancels requests in every state that they can be in, on a real Kafka and over real HTTP: each ends once. */
@Timeout(120)
class CancelIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final String HELD = "held [stand-in: status=401]";
    private static final String FAILING = "failing [stand-in: status=500]";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;
    private ChatQueue sdk;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        sdk = ChatQueue.builder()
                .bootstrapServers(kafka.bootstrapServers())
                .topic(queue.topics.base())
                .cancelRequests()
                .build();
    }

    @AfterEach
    void close() {
        sdk.close();
        api.close();
        queue.close();
    }

    @Test
    void whatIsCancelledBeforeItIsReadIsNotCalled() throws Exception {
        RecordMetadata tooEarly = queue.send(CancelMark.ofId("again").record(queue.topics));
        publish("first", "m", "first", Map.of());
        publish("twice", "m", "twice", Map.of());
        publish("kept", "m", "kept", Map.of());
        publish("delayed", "m", "delayed", Map.of(WireHeaders.NOT_BEFORE, in(Duration.ofHours(1))));
        publish("ours-1", "m", "ours", Map.of(WireHeaders.GROUP, "ours"));
        publish("ours-2", "m", "ours", Map.of(WireHeaders.GROUP, "ours"));
        publish("theirs", "m", "theirs", Map.of(WireHeaders.GROUP, "theirs"));
        sdk.cancel("first").join();
        sdk.cancel("twice").join();
        sdk.cancel("twice").join();
        sdk.cancel("delayed").join();
        sdk.cancelGroup("ours").join();
        // Brokers' clocks may differ by a second.
        await().until(() -> System.currentTimeMillis() > tooEarly.timestamp() + 1_000);
        publish("again", "m", "again", Map.of());

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            awaitEndings("first", "twice", "kept", "delayed", "ours-1", "ours-2", "theirs", "again");
        }

        assertThat(cancelled()).containsExactlyInAnyOrder("first", "twice", "delayed", "ours-1", "ours-2");
        assertThat(ok()).containsExactlyInAnyOrder("kept", "theirs", "again");
        assertThat(api.calls()).isEqualTo(3);
    }

    @Test
    void whatWaitsIsCancelledWhereverItWaits() throws Exception {
        Map<String, ConfiguredLimit> limits = Map.of("slow", ConfiguredLimit.parse("1/min"), "*", ConfiguredLimit.NONE);
        publish("called", "slow", "called", Map.of());
        try (Worker worker = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            awaitEndings("called");
            publish("in-lane", "slow", "in-lane", Map.of());
            publish("soon", "m", "soon", Map.of(WireHeaders.NOT_BEFORE, in(Duration.ofSeconds(4))));
            publish("in-tier", "m", "in-tier", Map.of(WireHeaders.NOT_BEFORE, in(Duration.ofSeconds(11))));
            publish("failing", "f", FAILING, Map.of());
            publish("held", "held", HELD, Map.of());
            await().atMost(BOUND).until(() -> api.calls(HELD) >= 1 && api.calls(FAILING) >= 2);
            await().atMost(BOUND)
                    .until(() -> !queue.read(queue.topics.delay(Topics.Tier.TEN_SECONDS))
                            .isEmpty());

            for (String id : List.of("in-lane", "soon", "in-tier", "failing", "held", "called")) {
                sdk.cancel(id).join();
            }

            awaitEndings("called", "in-lane", "soon", "in-tier", "failing", "held");
        }

        assertThat(ok()).containsExactly("called");
        assertThat(cancelled()).containsExactlyInAnyOrder("in-lane", "soon", "in-tier", "failing", "held");
        assertThat(api.calls("in-lane") + api.calls("soon") + api.calls("in-tier"))
                .isZero();
    }

    /** Marks are read while the pace thread, which has looked at them before, asks for the key of the call. */
    @Test
    void whatIsCancelledBetweenPaceAndCallEndsAsACallUnderWay() throws Exception {
        Map<String, String> aborts = Map.of(WireHeaders.ABORT, "true");
        Map<String, String> shares = Map.of(WireHeaders.ABORT, "true", WireHeaders.CACHE, "PT1M");
        AtomicReference<String> between = new AtomicReference<>("");
        try (Worker worker = Worker.start(withKey(() -> {
            // The pool's thread asks for the key as well.
            String id = Thread.currentThread().getName().equals("sluice-pace") ? between.getAndSet("") : "";
            if (!id.isEmpty()) {
                cancelAndAwaitReading(id);
            }
            return TestQueue.KEY;
        }))) {
            for (String id : List.of("leader", "aborted-is-read", "patient-is-read")) {
                publish(id, "m", "shared [stand-in: hang]", shares);
            }
            await().atMost(BOUND).until(() -> api.openCalls() == 1);
            between.set("aborted");
            publish("aborted", "m", "aborted [stand-in: hang]", aborts);
            await().atMost(BOUND).until(() -> cancelled().contains("aborted"));
            between.set("patient");
            publish("patient", "m", "patient", Map.of());
            await().atMost(BOUND).until(() -> ok().contains("patient"));
            sdk.cancel("leader").join();

            awaitEndings("leader", "aborted-is-read", "patient-is-read", "aborted", "patient");
        }

        assertThat(ok()).containsExactly("patient");
        assertThat(api.calls("patient")).isEqualTo(1);
    }

    /** Marks are read in their order, and what waits for the call of an equal request ends as soon as its own is. */
    private void cancelAndAwaitReading(String id) {
        sdk.cancel(id).join();
        sdk.cancel(id + "-is-read").join();
        await().atMost(BOUND).until(() -> cancelled().contains(id + "-is-read"));
    }

    private WorkerConfig withKey(Supplier<String> key) {
        WorkerConfig config = queue.config(api.baseUrl());
        return new WorkerConfig(
                config.queue(),
                new WorkerConfig.Api(config.api().baseUrl(), key, Duration.ofMinutes(1)),
                config.pacing(),
                config.retries(),
                config.memory(),
                config.drainTimeout());
    }

    /** A call is aborted where its request wants that, and only if nobody else waits for it. */
    @Test
    void whatIsUnderWayEndsAsItWants() throws Exception {
        Map<String, String> aborts = Map.of(WireHeaders.ABORT, "true");
        Map<String, String> shares = Map.of(WireHeaders.ABORT, "true", WireHeaders.CACHE, "PT1M");
        publish("patient", "m", "patient [stand-in: latency=4s]", Map.of());
        publish("aborted", "m", "aborted [stand-in: hang]", aborts);
        publish("leader", "m", "shared [stand-in: latency=4s]", shares);
        publish("follower", "m", "shared [stand-in: latency=4s]", shares);
        publish("gone", "m", "lonely [stand-in: hang]", shares);
        publish("lonely", "m", "lonely [stand-in: hang]", shares);
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(BOUND).until(() -> api.openCalls() == 4);

            for (String id : List.of("patient", "aborted", "leader", "lonely", "gone")) {
                sdk.cancel(id).join();
            }

            awaitEndings("patient", "aborted", "leader", "follower", "lonely", "gone");
            publish("next", "m", "next", Map.of());
            awaitEndings("patient", "aborted", "leader", "follower", "lonely", "gone", "next");
        }

        assertThat(ok()).containsExactlyInAnyOrder("patient", "leader", "follower", "next");
        assertThat(cancelled()).containsExactlyInAnyOrder("aborted", "lonely", "gone");
        assertThat(api.calls()).isEqualTo(5);
    }

    @Test
    void anAskIsCancelledWithItsFuture() throws Exception {
        Map<String, ConfiguredLimit> limits = Map.of("*", ConfiguredLimit.parse("1/min"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            sdk.ask(request("first")).join();
            CompletableFuture<ChatReply> gone = sdk.ask(request("same-id"));
            CompletableFuture<ChatReply> waits = sdk.ask(request("same-id"));
            CompletableFuture<ChatReply> late = sdk.ask(request("late"), Duration.ofSeconds(2));

            gone.cancel(false);

            await().atMost(BOUND).until(() -> cancelled().equals(List.of("same-id")));
            assertThat(waits).isNotDone();
            sdk.cancel("same-id").join();
            ChatReply reply = waits.join();
            assertThat(reply.reason()).contains("cancelled");
            await().atMost(BOUND).until(() -> ids("failed", "expired").equals(List.of("late")));
            assertThat(late).isCompletedExceptionally();
        }
        assertThat(api.calls()).isEqualTo(1);
        assertThat(queue.read(queue.topics.dead())).isEmpty();
    }

    /** The mark finds some of the group ended, some in a lane, and some in the overflow topic. */
    @Test
    void oneMarkCancelsAGroupOfThousands() throws Exception {
        int size = 5_000;
        publishGroup(size);
        for (int i = 0; i < 20; i++) {
            publish("quick-" + i, "quick", "quick", Map.of());
        }
        Map<String, ConfiguredLimit> limits =
                Map.of("slow", ConfiguredLimit.parse("400/s"), "quick", ConfiguredLimit.parse("10/s"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            await().atMost(BOUND)
                    .until(() -> queue.read(queue.topics.replies()).size() > size / 5
                            && !queue.read(queue.topics.overflow()).isEmpty());

            sdk.cancelGroup("group").join();

            await().atMost(BOUND).until(() -> queue.read(queue.topics.replies()).size() >= size + 20);
            await().atMost(BOUND).until(() -> queue.lag() == 0);
        }

        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        Set<String> ids = replies.stream()
                .map(reply -> header(reply, WireHeaders.ID))
                .collect(Collectors.toCollection(HashSet::new));
        assertThat(replies).hasSize(size + 20);
        assertThat(ids).hasSize(size + 20);
        assertThat(cancelled()).hasSizeGreaterThan(size / 2);
        assertThat(ok()).hasSize(size + 20 - cancelled().size());
        assertThat(api.calls()).isEqualTo(ok().size());
        assertThat(queue.read(queue.topics.dead())).isEmpty();
    }

    /** Workers start and call without the topic, as they did before there was one. */
    @Test
    void withoutTheTopicNothingIsCancelledAndEverythingCalled() throws Exception {
        queue.delete(queue.topics.cancels());
        await().atMost(BOUND)
                .until(() -> !queue.admin().listTopics().names().get().contains(queue.topics.cancels()));
        publish("called", "m", "called", Map.of());

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            awaitEndings("called");
            assertThat(sdk.cancel("called"))
                    .failsWithin(BOUND)
                    .withThrowableThat()
                    .withMessageContaining("sluice topics create");
        }

        assertThat(ok()).containsExactly("called");
    }

    private static ChatRequest request(String id) {
        return ChatRequest.builder().id(id).model("m").user(id).build();
    }

    private static String in(Duration time) {
        return Long.toString(Instant.now().plus(time).toEpochMilli());
    }

    private void publish(String id, String model, String text, Map<String, String> headers) {
        RecordHeaders all = new RecordHeaders();
        WireHeaders.set(all, WireHeaders.ID, id);
        headers.forEach((name, value) -> WireHeaders.set(all, name, value));
        // One partition, so that equal requests meet in one worker and order is known.
        queue.send(new ProducerRecord<>(
                queue.topics.requests(), 0, null, null, body(model, text).getBytes(UTF_8), all));
    }

    private void publishGroup(int size) {
        queue.publishBacklog(
                size,
                i -> {
                    RecordHeaders headers = new RecordHeaders();
                    WireHeaders.set(headers, WireHeaders.ID, "group-" + i);
                    WireHeaders.set(headers, WireHeaders.GROUP, "group");
                    return headers;
                },
                body("slow", "?"));
    }

    private List<String> ok() {
        return ids("ok", "(none)");
    }

    private List<String> cancelled() {
        return ids("failed", "cancelled");
    }

    private List<String> ids(String status, String reason) {
        return queue.read(queue.topics.replies()).stream()
                .filter(reply -> header(reply, WireHeaders.STATUS).equals(status)
                        && header(reply, WireHeaders.REASON).equals(reason))
                .map(reply -> header(reply, WireHeaders.ID))
                .toList();
    }

    private void awaitEndings(String... ids) {
        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(queue.read(queue.topics.replies()))
                        .extracting(reply -> header(reply, WireHeaders.ID))
                        .containsExactlyInAnyOrder(ids));
        await().atMost(BOUND).until(() -> queue.lag() == 0);
        assertThat(queue.read(queue.topics.dead())).isEmpty();
    }
}
