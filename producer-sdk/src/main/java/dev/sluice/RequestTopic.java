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
final class RequestTopic implements TopicExistenceCheck {
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

    /** Blocks for {@code max.block.ms} at most, whatever becomes of the looks it waits for. */
    @Override
    public void require() {
        long deadline = System.nanoTime() + maxBlock.toNanos();
        while (!isThere(deadline)) {
            if (deadline - System.nanoTime() <= 0) {
                throw failures.explain(new org.apache.kafka.common.errors.TimeoutException("metadata"));
            }
        }
    }

    /** False where another caller's look ended for a reason that is that caller's alone, so that this one has to look. */
    private boolean isThere(long deadline) {
        CompletableFuture<Boolean> mine = new CompletableFuture<>();
        CompletableFuture<Boolean> others = look.compareAndExchange(null, mine);
        if (others == null) {
            lookAndTell(mine, deadline);
        }
        try {
            return (others == null ? mine : others).get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (others != null && isItsOwn(e.getCause())) {
                return false;
            }
            throw failures.explain(e.getCause());
        } catch (TimeoutException e) {
            throw failures.explain(new org.apache.kafka.common.errors.TimeoutException("metadata", e));
        } catch (InterruptedException e) {
            throw failures.explain(new org.apache.kafka.common.errors.InterruptException(e));
        }
    }

    /** Its thread was interrupted, or its time, which began before this caller's or was spent with waiting, is over. */
    private static boolean isItsOwn(Throwable failure) {
        return failure instanceof org.apache.kafka.common.errors.InterruptException
                || failure instanceof org.apache.kafka.common.errors.TimeoutException;
    }

    private void lookAndTell(CompletableFuture<Boolean> mine, long deadline) {
        try {
            describe(deadline);
            mine.complete(true);
        } catch (ExecutionException e) {
            fail(mine, e.getCause());
        } catch (InterruptedException e) {
            fail(mine, new org.apache.kafka.common.errors.InterruptException(e));
        } catch (RuntimeException e) { // what an admin that can't be made throws is not only Kafka's
            fail(mine, e);
        } catch (Error e) { // such as a class that is missing
            fail(mine, e);
            throw e;
        }
    }

    /** Gives the next caller a new look before this one's waiters are told. */
    private void fail(CompletableFuture<Boolean> mine, Throwable cause) {
        look.set(null);
        mine.completeExceptionally(cause);
    }

    private void describe(long deadline) throws ExecutionException, InterruptedException {
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
