package dev.sluice;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;

/**
 * Checks of each topic once that it exists, before anything is sent to it.
 *
 * <p>A producer asks the broker to create a missing topic, and {@code allow.auto.create.topics} is a consumer's
 * property. A mistyped name would therefore make a topic with the wrong number of partitions, which nobody reads.
 *
 * <p>The class is thread-safe. The first caller runs the check of a topic and the others wait for its result. After a
 * failed check the next caller runs a new one.
 */
final class RequestTopicCheck implements TopicExistenceCheck {
    private final Duration maxBlock;
    private final PublishFailures failures;
    private final Supplier<Admin> admins;
    private final ConcurrentMap<String, CompletableFuture<Boolean>> checks = new ConcurrentHashMap<>();

    RequestTopicCheck(QueueSettings settings, PublishFailures failures, Supplier<Admin> admins) {
        this.maxBlock = settings.maxBlock();
        this.failures = failures;
        this.admins = admins;
    }

    /** Blocks for {@code max.block.ms} at most, however many checks of other callers it waits for. */
    @Override
    public void require(String topic) {
        long deadline = System.nanoTime() + maxBlock.toNanos();
        while (!exists(topic, deadline)) {
            if (deadline - System.nanoTime() <= 0) {
                throw failures.explain(topic, new org.apache.kafka.common.errors.TimeoutException("metadata"));
            }
        }
    }

    /**
     * Returns false if the check of another caller failed for a reason that concerns only that caller. This caller must
     * then check again.
     */
    private boolean exists(String topic, long deadline) {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> earlier = checks.putIfAbsent(topic, mine);
        if (earlier == null) {
            runCheck(topic, mine, deadline);
        }
        try {
            return (earlier == null ? mine : earlier).get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (earlier != null && concernsOnlyItsCaller(e.getCause())) {
                return false;
            }
            throw failures.explain(topic, e.getCause());
        } catch (TimeoutException e) {
            throw failures.explain(topic, new org.apache.kafka.common.errors.TimeoutException("metadata", e));
        } catch (InterruptedException e) {
            // InterruptException sets the interrupt flag of this thread again
            throw failures.explain(topic, new org.apache.kafka.common.errors.InterruptException(e));
        }
    }

    /**
     * Returns true if the checking thread was interrupted or ran out of its own time. Both say nothing about the topic.
     */
    private static boolean concernsOnlyItsCaller(Throwable failure) {
        return failure instanceof org.apache.kafka.common.errors.InterruptException
                || failure instanceof org.apache.kafka.common.errors.TimeoutException;
    }

    private void runCheck(String topic, CompletableFuture<Boolean> mine, long deadline) {
        try {
            describe(topic, deadline);
            mine.complete(true);
        } catch (ExecutionException e) {
            fail(topic, mine, e.getCause());
        } catch (InterruptedException e) {
            fail(topic, mine, new org.apache.kafka.common.errors.InterruptException(e));
        } catch (RuntimeException e) { // making an admin client can also throw exceptions that are not Kafka's
            fail(topic, mine, e);
        } catch (Error e) { // such as a class that is missing
            fail(topic, mine, e);
            throw e;
        }
    }

    /** Clears the check before its waiters are notified, so that the next caller starts a new one. */
    private void fail(String topic, CompletableFuture<Boolean> mine, Throwable cause) {
        checks.remove(topic, mine);
        mine.completeExceptionally(cause);
    }

    private void describe(String topic, long deadline) throws ExecutionException, InterruptedException {
        Admin admin = admins.get();
        try {
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            DescribeTopicsOptions options = new DescribeTopicsOptions().timeoutMs((int) Math.max(1, millis));
            admin.describeTopics(List.of(topic), options).allTopicNames().get();
        } finally {
            admin.close(Duration.ZERO);
        }
    }
}
