package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxBroker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests closing and a full buffer against a broker that can be suspended. */
@Timeout(90)
class ClosingIT {
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");
    private static final ChatRequest LARGE =
            ChatRequest.builder().model("m").user("x".repeat(20_000)).build();
    private static final AtomicInteger NAMES = new AtomicInteger();

    private static SandboxBroker broker;
    private String base;
    private ManualResponder responder;
    private ChatQueue queue;

    @BeforeAll
    static void start() {
        broker = SandboxBroker.start();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @BeforeEach
    void open() throws Exception {
        base = "chat-" + NAMES.incrementAndGet();
        responder = new ManualResponder(broker.bootstrapServers(), base);
        queue = ChatQueue.builder()
                .bootstrapServers(broker.bootstrapServers())
                .topic(base)
                .kafkaProperty("buffer.memory", "100000")
                .kafkaProperty("max.block.ms", "1000")
                .closeTimeout(Duration.ofSeconds(2))
                .build();
        queue.submit(REQUEST).join();
    }

    @AfterEach
    void close() {
        broker.resume();
        queue.close();
        responder.close();
    }

    @Test
    void aFullBufferBlocksTheCallerAndThenNamesTheSettings() {
        broker.suspend();
        List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < 5; i++) {
            receipts.add(queue.submit(LARGE));
        }
        Duration blocked = Duration.ofNanos(System.nanoTime() - start);

        assertThat(blocked).isBetween(Duration.ofMillis(900), Duration.ofSeconds(5));
        assertThatThrownBy(receipts.get(4)::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("the producer's buffer (buffer.memory) stayed full for 1000 ms (max.block.ms)");

        broker.resume();
        receipts.subList(0, 4).forEach(receipt -> assertThat(receipt).succeedsWithin(Duration.ofSeconds(30)));
        assertThat(responder.take(5)).hasSize(5);
    }

    @Test
    void closeFailsRequestsThatWereNotSentInTime() {
        broker.suspend();
        CompletableFuture<Receipt> unsent = queue.submit(REQUEST);
        long start = System.nanoTime();
        queue.close();
        Duration closing = Duration.ofNanos(System.nanoTime() - start);

        assertThat(closing).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(8));
        assertThatThrownBy(unsent::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("the queue was closed before Kafka had accepted it");
    }

    @Test
    void closeFailsACallerBlockedByAFullBuffer() throws Exception {
        broker.suspend();
        for (int i = 0; i < 4; i++) {
            CompletableFuture<Receipt> unused = queue.submit(LARGE);
        }
        CompletableFuture<CompletableFuture<Receipt>> blocked = new CompletableFuture<>();
        Thread blocking = new Thread(() -> blocked.complete(queue.submit(LARGE)));
        blocking.start();
        await().pollInterval(Duration.ofMillis(5)).until(() -> blocking.getState() == Thread.State.TIMED_WAITING);

        queue.close();

        assertThatThrownBy(blocked.get(10, TimeUnit.SECONDS)::join)
                .hasCauseInstanceOf(ChatQueueException.class)
                .hasMessageContaining("the queue was closed before Kafka had accepted it");
    }

    @Test
    void closeFailsWaitingAsksAtOnceAndLeavesTheirRequests() {
        CompletableFuture<ChatReply> waiting = queue.ask(REQUEST);
        List<ConsumerRecord<byte[], byte[]>> taken = responder.take(2);

        queue.close();

        assertThat(waiting).isCompletedExceptionally();
        assertThatThrownBy(waiting::join).hasMessageContaining("the queue was closed before the reply came");
        assertThat(taken).hasSize(2);
        assertThatThrownBy(queue.submit(REQUEST)::join).hasMessageContaining("the queue is closed");
    }

    @Test
    void everyFutureEndsIfManyThreadsRaceWithClose() throws Exception {
        ConcurrentLinkedQueue<CompletableFuture<Receipt>> receipts = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<CompletableFuture<ChatReply>> asks = new ConcurrentLinkedQueue<>();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            boolean asking = i % 2 == 0;
            running.add(threads.submit(() -> {
                CompletableFuture<?> last;
                do {
                    last = asking ? addedTo(asks, queue.ask(REQUEST)) : addedTo(receipts, queue.submit(REQUEST));
                } while (!last.isCompletedExceptionally());
            }));
        }
        await().until(() -> asks.size() > 200 && receipts.size() > 200);

        queue.close();

        for (Future<?> thread : running) {
            thread.get(10, TimeUnit.SECONDS);
        }
        threads.shutdown();
        assertThat(receipts).allMatch(CompletableFuture::isDone);
        assertThat(asks).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(messages(receipts))
                .allMatch(
                        message -> message.contains("the queue was closed") || message.contains("the queue is closed"));
        assertThat(messages(asks))
                .allMatch(
                        message -> message.contains("the queue was closed") || message.contains("the queue is closed"));
        long published = receipts.stream()
                .filter(receipt -> !receipt.isCompletedExceptionally())
                .count();
        assertThat(responder.takeAll().size()).isBetween((int) published + 1, 1 + receipts.size() + asks.size());
    }

    private static <T> CompletableFuture<T> addedTo(
            ConcurrentLinkedQueue<CompletableFuture<T>> all, CompletableFuture<T> future) {
        all.add(future);
        return future;
    }

    /** Returns the messages of the failed futures. */
    private static <T> Set<String> messages(Collection<CompletableFuture<T>> futures) {
        return futures.stream()
                .filter(CompletableFuture::isCompletedExceptionally)
                .map(future -> future.handle((done, failure) -> String.valueOf(failure.getMessage()))
                        .join())
                .collect(Collectors.toSet());
    }
}
