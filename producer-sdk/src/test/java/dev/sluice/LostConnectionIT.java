package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cuts the service's connection while the broker and the responder keep theirs. */
@Timeout(90)
class LostConnectionIT {
    /** The time in which a busy machine opens a reader of replies all the same. */
    private static final Duration MAX_BLOCK = Duration.ofSeconds(2);

    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");
    private static final AtomicInteger NAMES = new AtomicInteger();

    private static CuttableProxy proxy;
    private static SandboxBroker broker;
    private String base;
    private ManualResponder responder;
    private ChatQueue queue;

    @BeforeAll
    static void start() throws Exception {
        proxy = new CuttableProxy();
        broker = SandboxBroker.start(BrokerSettings.defaults().withAdvertisedPort(proxy.port()));
        proxy.open(broker.bootstrapServers());
    }

    @AfterAll
    static void stop() throws Exception {
        broker.close();
        proxy.close();
    }

    @BeforeEach
    void open() throws Exception {
        base = "chat-" + NAMES.incrementAndGet();
        responder = new ManualResponder(proxy.address(), base);
        queue = builder().build();
    }

    @AfterEach
    void close() {
        proxy.mend();
        queue.close();
        responder.close();
    }

    @Test
    void aReplyDuringTheOutageIsReadAfterwards() {
        CompletableFuture<ChatReply> reply = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);

        proxy.cut();
        responder.reply(taken, "re ");
        assertThat(reply).isNotDone();
        proxy.mend();

        assertThat(reply.join().text()).startsWith("re ");
    }

    @Test
    void requestsDuringTheOutageArePublishedOnceAfterwards() {
        try (ChatQueue patient =
                builder().kafkaProperty("max.block.ms", "30000").build()) {
            patient.submit(REQUEST).join();
            List<CompletableFuture<Receipt>> receipts = new ArrayList<>();

            proxy.cut();
            // A producer that can reach no broker forgets where topics are, and submit waits until it knows again.
            CompletableFuture<Void> mended = CompletableFuture.runAsync(
                    proxy::mend, CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS));
            for (int i = 0; i < 100; i++) {
                receipts.add(patient.submit(REQUEST));
            }
            mended.join();

            receipts.forEach(receipt -> receipt.orTimeout(30, TimeUnit.SECONDS).join());
            patient.submit(REQUEST).orTimeout(30, TimeUnit.SECONDS).join();
        }
        assertThat(responder.take(102))
                .extracting(request -> request.partition() + "@" + request.offset())
                .doesNotHaveDuplicates();
    }

    @Test
    void anAskThatKafkaNeverGotSaysSoAtItsDeadline() {
        queue.submit(REQUEST).join();
        responder.take(1);
        CompletableFuture<ChatReply> first = queue.ask(REQUEST);
        responder.reply(responder.take(1), "");
        first.join();

        proxy.cut();
        CompletableFuture<ChatReply> unsent = queue.ask(REQUEST, Duration.ofSeconds(1));
        assertThatThrownBy(unsent::join)
                .hasCauseInstanceOf(ReplyTimeoutException.class)
                .hasMessageContaining("Kafka has not even accepted the request");
        proxy.mend();

        ChatRequest withId =
                ChatRequest.builder().model("m").user("?").id("next").build();
        CompletableFuture<ChatReply> next = queue.ask(withId);
        // The unsent one comes late, or not at all if the producer did not know any more where the topic is.
        responder.reply(responder.takeWith("next"), "re ");
        assertThat(next.join().text()).isEqualTo("re next");
    }

    @Test
    void theFirstAskFailsWithinMaxBlockAndTheNextAskTriesAgain() {
        proxy.cut();
        long start = System.nanoTime();
        assertThatThrownBy(queue.ask(REQUEST)::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("check that it runs and can be reached");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(MAX_BLOCK.multipliedBy(3));
        proxy.mend();

        CompletableFuture<ChatReply> reply = queue.ask(REQUEST);
        responder.reply(responder.take(1), "re ");
        assertThat(reply.join().text()).startsWith("re ");
    }

    /** The reader of the first ask fails in the same moment as that ask, before or after the next one. */
    @RepeatedTest(3)
    void aFirstAskExplainsAnUnreachableReplyTopic() {
        queue.submit(REQUEST).join();
        responder.take(1);

        proxy.cut();
        assertThatThrownBy(queue.ask(REQUEST)::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("reply topic " + base + ".replies")
                .hasMessageContaining("check that Kafka can be reached")
                .hasMessageNotContaining("opens a new reader");
        proxy.mend();

        CompletableFuture<ChatReply> reply = queue.ask(REQUEST);
        responder.reply(responder.take(1), "re ");
        assertThat(reply.join().text()).startsWith("re ");
    }

    @Test
    void anUnsentSubmitFailsAfterTheDeliveryTimeout() {
        try (ChatQueue impatient = builder()
                .kafkaProperty("delivery.timeout.ms", "2000")
                .kafkaProperty("request.timeout.ms", "1000")
                .build()) {
            impatient.submit(REQUEST).join();

            proxy.cut();
            CompletableFuture<Receipt> receipt = impatient.submit(REQUEST);
            assertThatThrownBy(receipt::join)
                    .hasCauseInstanceOf(ChatQueueException.class)
                    .hasMessageContaining("no answer from Kafka at " + proxy.address());
            proxy.mend();
        }
    }

    @Test
    void aReplyConsumerContinuesAndMissesNoReply() {
        List<String> seen = new CopyOnWriteArrayList<>();
        List<ConsumerRecord<byte[], byte[]>> taken = submitted(20);
        try (ReplyConsumer replies = ReplyConsumer.builder()
                .bootstrapServers(proxy.address())
                .topic(base)
                .group(base)
                .kafkaProperty("client.id", CuttableProxy.CLIENT)
                .handler(reply -> seen.add(reply.id()))
                .start()) {
            responder.reply(taken.subList(0, 10), "");
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() >= 10);

            proxy.cut();
            responder.reply(taken.subList(10, 20), "");
            proxy.mend();

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> List.copyOf(seen).stream().distinct().count() == 20);
            assertThat(replies.failure()).isEmpty();
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> submitted(int count) {
        List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            receipts.add(queue.submit(REQUEST));
        }
        receipts.forEach(receipt -> receipt.orTimeout(30, TimeUnit.SECONDS).join());
        return responder.take(count);
    }

    private ChatQueueBuilder builder() {
        return ChatQueue.builder()
                .bootstrapServers(proxy.address())
                .topic(base)
                .kafkaProperty("client.id", CuttableProxy.CLIENT)
                .kafkaProperty("max.block.ms", Long.toString(MAX_BLOCK.toMillis()))
                .closeTimeout(Duration.ofSeconds(5));
    }
}
