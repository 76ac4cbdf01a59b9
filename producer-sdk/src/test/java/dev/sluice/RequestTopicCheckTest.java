package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RequestTopicCheckTest {
    private static final String TOPIC = "chat.requests";

    private final QueueSettings settings = ChatQueue.builder().settings();
    private final AtomicInteger checks = new AtomicInteger();

    @Test
    void checksAgainAfterAnyFailure() {
        RequestTopicCheck topicCheck = new RequestTopicCheck(settings, new PublishFailures(settings), () -> {
            throw new IllegalStateException("check " + checks.incrementAndGet());
        });

        assertThatThrownBy(() -> topicCheck.require(TOPIC))
                .isInstanceOf(ChatQueueException.class)
                .hasMessageContaining("check 1");
        assertThatThrownBy(() -> topicCheck.require(TOPIC))
                .isInstanceOf(ChatQueueException.class)
                .hasMessageContaining("check 2");
    }

    @Test
    void checksEachTopicOnce() {
        List<String> described = new ArrayList<>();
        RequestTopicCheck topicCheck = new RequestTopicCheck(
                settings, new PublishFailures(settings), () -> existing(described, "chat.requests"));

        topicCheck.require("chat.requests");
        topicCheck.require("chat.requests");
        assertThatThrownBy(() -> topicCheck.require("chat.requests.express"))
                .isInstanceOf(ChatQueueException.class)
                .hasMessage("nothing can be published to topic chat.requests.express: the topic does not exist;"
                        + " run `sluice topics create --topic chat`");
        topicCheck.require("chat.requests");

        assertThat(described).containsExactly("chat.requests", "chat.requests.express");
    }

    @Test
    void anErrorIsThrownAndTheNextCallerChecksAgain() {
        RequestTopicCheck topicCheck = new RequestTopicCheck(settings, new PublishFailures(settings), () -> {
            throw new NoClassDefFoundError("check " + checks.incrementAndGet());
        });

        assertThatThrownBy(() -> topicCheck.require(TOPIC))
                .isInstanceOf(NoClassDefFoundError.class)
                .hasMessage("check 1");
        assertThatThrownBy(() -> topicCheck.require(TOPIC))
                .isInstanceOf(NoClassDefFoundError.class)
                .hasMessage("check 2");
    }

    @Test
    void anInterruptOfAnotherCallerLeadsToACheckOfOnesOwn() throws Exception {
        assertThat(failureAfterInterruptOfFirstCaller(() -> {
                    throw new IllegalStateException("second check");
                }))
                .endsWith("second check");
    }

    @Test
    void anInterruptOfAnotherCallerDoesNotExtendTheTimeout() throws Exception {
        AtomicInteger millis = new AtomicInteger();

        assertThat(failureAfterInterruptOfFirstCaller(() -> admin(options -> {
                    millis.set(options.timeoutMs());
                    throw new IllegalStateException("second check");
                })))
                .endsWith("second check");

        assertThat(millis.get()).isPositive().isLessThan((int)
                settings.maxBlock().toMillis());
    }

    /**
     * Interrupts the first caller during its check and returns the failure of a second caller that waits for that
     * check.
     */
    private String failureAfterInterruptOfFirstCaller(Supplier<Admin> secondCheck) throws Exception {
        CountDownLatch checking = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        RequestTopicCheck topicCheck = new RequestTopicCheck(settings, new PublishFailures(settings), () -> {
            if (checks.incrementAndGet() > 1) {
                return secondCheck.get();
            }
            checking.countDown();
            return interrupted(never);
        });
        CompletableFuture<String> first = new CompletableFuture<>();
        Thread interrupted = new Thread(() -> first.complete(failure(topicCheck)));
        interrupted.start();
        assertThat(checking.await(10, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<String> second = new CompletableFuture<>();
        Thread waiting = new Thread(() -> second.complete(failure(topicCheck)));
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

    /** Returns an admin client for a broker that has one topic. */
    private static Admin existing(List<String> described, String topic) {
        return (Admin) Proxy.newProxyInstance(
                Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, args) -> {
                    if (!method.getName().equals("describeTopics")) {
                        return null;
                    }
                    String asked = ((Collection<?>) args[0]).iterator().next().toString();
                    described.add(asked);
                    if (!asked.equals(topic)) {
                        throw new UnknownTopicOrPartitionException(asked);
                    }
                    TopicDescription found = new TopicDescription(asked, false, List.of());
                    return new DescribeTopicsResult(null, Map.of(asked, KafkaFuture.completedFuture(found))) {};
                });
    }

    private static Admin interrupted(CountDownLatch never) {
        try {
            never.await();
            throw new AssertionError("the latch is never released");
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static String failure(RequestTopicCheck topicCheck) {
        try {
            topicCheck.require(TOPIC);
            return "";
        } catch (ChatQueueException e) {
            return Objects.requireNonNull(e.getMessage());
        }
    }
}
