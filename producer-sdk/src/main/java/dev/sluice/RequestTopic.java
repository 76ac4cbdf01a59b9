package dev.sluice;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;

/**
 * Looks once whether the request topic exists, before anything is sent to it: a producer asks the broker to create what is
 * missing, and {@code allow.auto.create.topics} is a consumer's property, so that a mistyped name would make a topic of the
 * wrong width that nobody reads.
 *
 * <p>Thread-safe: the first caller looks, the others wait for it. A look that failed is taken again by the next caller.
 */
final class RequestTopic implements TopicCheck {
    private final String topic;
    private final Duration maxBlock;
    private final SendFailures failures;
    private final Supplier<Admin> admins;
    private final AtomicReference<CompletableFuture<Boolean>> look = new AtomicReference<>();

    RequestTopic(QueueSettings settings, SendFailures failures, Supplier<Admin> admins) {
        this.topic = settings.topics().requests();
        this.maxBlock = settings.maxBlock();
        this.failures = failures;
        this.admins = admins;
    }

    /** Blocks for {@code max.block.ms} at most. */
    @Override
    public void require() {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> first = look.compareAndExchange(null, mine);
        if (first == null) {
            lookAndTell(mine);
        }
        try {
            boolean unused = (first == null ? mine : first).get(maxBlock.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (first != null && e.getCause() instanceof org.apache.kafka.common.errors.InterruptException) {
                require(); // somebody else's thread was interrupted, not this one
                return;
            }
            throw failures.explain(e.getCause());
        } catch (TimeoutException e) {
            throw failures.explain(new org.apache.kafka.common.errors.TimeoutException("metadata", e));
        } catch (InterruptedException e) {
            throw failures.explain(new org.apache.kafka.common.errors.InterruptException(e));
        }
    }

    private void lookAndTell(CompletableFuture<Boolean> mine) {
        try {
            describe();
            mine.complete(true);
        } catch (ExecutionException e) {
            fail(mine, e.getCause());
        } catch (InterruptedException e) {
            fail(mine, new org.apache.kafka.common.errors.InterruptException(e));
        } catch (RuntimeException e) { // what an admin that can't be made throws is not only Kafka's
            fail(mine, e);
        }
    }

    /** Gives the next caller a new look before this one's waiters are told. */
    private void fail(CompletableFuture<Boolean> mine, Throwable cause) {
        look.set(null);
        mine.completeExceptionally(cause);
    }

    private void describe() throws ExecutionException, InterruptedException {
        Admin admin = admins.get();
        try {
            DescribeTopicsOptions options = new DescribeTopicsOptions().timeoutMs((int) maxBlock.toMillis());
            admin.describeTopics(List.of(topic), options).allTopicNames().get();
        } finally {
            admin.close(Duration.ZERO);
        }
    }
}
