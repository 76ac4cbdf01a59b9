package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
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
    void anErrorLeavesNobodyWaiting() {
        RequestTopic topic = new RequestTopic(settings, new SendFailures(settings), () -> {
            throw new NoClassDefFoundError("look " + looks.incrementAndGet());
        });

        assertThatThrownBy(topic::require)
                .isInstanceOf(NoClassDefFoundError.class)
                .hasMessage("look 1");
        assertThatThrownBy(topic::require)
                .isInstanceOf(NoClassDefFoundError.class)
                .hasMessage("look 2");
    }

    @Test
    void anotherThreadsInterruptIsNotOnes() throws Exception {
        assertThat(afterAnothersInterrupt(() -> {
                    throw new IllegalStateException("its own look");
                }))
                .endsWith("its own look");
    }

    @Test
    void anotherThreadsInterruptLeavesNoMoreTimeThanThereWas() throws Exception {
        AtomicInteger millis = new AtomicInteger();

        assertThat(afterAnothersInterrupt(() -> admin(options -> {
                    millis.set(options.timeoutMs());
                    throw new IllegalStateException("its own look");
                })))
                .endsWith("its own look");

        assertThat(millis.get()).isPositive().isLessThan((int)
                settings.maxBlock().toMillis());
    }

    /** Returns what came of the wait of one that waited for a look when that one's thread was interrupted. */
    private String afterAnothersInterrupt(Supplier<Admin> ownLook) throws Exception {
        CountDownLatch looking = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        RequestTopic topic = new RequestTopic(settings, new SendFailures(settings), () -> {
            if (looks.incrementAndGet() > 1) {
                return ownLook.get();
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
        return second.get(10, TimeUnit.SECONDS);
    }

    private static Admin admin(Consumer<DescribeTopicsOptions> described) {
        return (Admin) Proxy.newProxyInstance(
                Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, args) -> {
                    if (method.getName().equals("describeTopics")) {
                        described.accept((DescribeTopicsOptions) args[1]);
                    }
                    return null;
                });
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
