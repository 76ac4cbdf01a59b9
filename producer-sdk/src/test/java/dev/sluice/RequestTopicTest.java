package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.InterruptException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RequestTopicTest {
    private final QueueSettings settings = ChatQueue.builder().settings();
    private final AtomicInteger looks = new AtomicInteger();

    @Test
    void looksAgainAfterAFailureOfAnyKind() {
        RequestTopic topic = new RequestTopic(settings, new SendFailures(settings), () -> {
            throw new IllegalStateException("look " + looks.incrementAndGet());
        });

        assertThatThrownBy(topic::require)
                .isInstanceOf(ChatQueueException.class)
                .hasMessageContaining("look 1");
        assertThatThrownBy(topic::require)
                .isInstanceOf(ChatQueueException.class)
                .hasMessageContaining("look 2");
    }

    @Test
    void anotherThreadsInterruptIsNotOnes() throws Exception {
        CountDownLatch looking = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        RequestTopic topic = new RequestTopic(settings, new SendFailures(settings), () -> {
            if (looks.incrementAndGet() > 1) {
                throw new IllegalStateException("its own look");
            }
            looking.countDown();
            return interrupted(never);
        });
        CompletableFuture<String> first = new CompletableFuture<>();
        Thread interrupted = new Thread(() -> first.complete(failure(topic)));
        interrupted.start();
        assertThat(looking.await(10, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<String> second = new CompletableFuture<>();
        Thread waiting = new Thread(() -> second.complete(failure(topic)));
        waiting.start();
        await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

        interrupted.interrupt();

        assertThat(first.get(10, TimeUnit.SECONDS)).endsWith("the thread was interrupted");
        assertThat(second.get(10, TimeUnit.SECONDS)).endsWith("its own look");
    }

    private static Admin interrupted(CountDownLatch never) {
        try {
            never.await();
            throw new AssertionError("it is never let through");
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static String failure(RequestTopic topic) {
        try {
            topic.require();
            return "";
        } catch (ChatQueueException e) {
            return Objects.requireNonNull(e.getMessage());
        }
    }
}
