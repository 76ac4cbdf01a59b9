package dev.sluice.worker;

import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.pool.ModelsRecord;
import dev.sluice.worker.provider.ModelList;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the API for its models, unless a worker of the queue has published them within the hour. The workers need not
 * agree who asks: each waits a random while longer, and the first list that they read puts all others off. Owned by the
 * thread of the pool, except that the answer comes on another one.
 */
final class ModelListing implements ModelsRecord.Publisher {
    private static final Duration EVERY = Duration.ofHours(1);
    private static final Duration SPREAD = Duration.ofMinutes(1);
    /** A worker that starts does not know how old the latest list is, and takes it for too old. */
    private static final Duration FIRST = Duration.ofSeconds(1);

    private static final Duration FIRST_SPREAD = Duration.ofSeconds(4);
    private static final Duration RETRY = Duration.ofMinutes(1);

    private static final Logger log = LoggerFactory.getLogger(ModelListing.class);

    private final Consumer<Consumer<CallResult>> api;
    private final DoubleSupplier random;
    private final AtomicReference<@Nullable CallResult> answer = new AtomicReference<>();
    private long dueAt;
    private boolean isAsking;
    private Duration retry = RETRY;
    private String problem = "";

    /**
     * @param api asks for the models, and hands the result to its argument
     * @param random returns numbers from 0 to 1
     */
    ModelListing(Consumer<Consumer<CallResult>> api, DoubleSupplier random, LongSupplier nanoTime) {
        this.api = api;
        this.random = random;
        this.dueAt = later(nanoTime.getAsLong(), FIRST, FIRST_SPREAD);
    }

    @Override
    public Optional<byte[]> next(long now) {
        CallResult result = answer.getAndSet(null);
        if (result != null) {
            isAsking = false;
            return list(result, now);
        }
        if (!isAsking && now - dueAt >= 0) {
            isAsking = true;
            api.accept(answer::set);
        }
        return Optional.empty();
    }

    @Override
    public void seen(long now) {
        dueAt = later(now, EVERY, SPREAD);
    }

    private Optional<byte[]> list(CallResult result, long now) {
        Optional<byte[]> list = result instanceof CallResult.Answered answered && answered.status() == 200
                ? ModelList.of(answered.body())
                : Optional.empty();
        if (list.isPresent()) {
            problem = "";
            retry = RETRY;
            dueAt = later(now, EVERY, SPREAD);
        } else if (!(result instanceof CallResult.Cancelled)) {
            say(words(result));
            dueAt = later(now, retry, SPREAD);
            Duration twice = retry.multipliedBy(2);
            retry = twice.compareTo(EVERY) < 0 ? twice : EVERY;
        }
        return list;
    }

    private long later(long now, Duration time, Duration spread) {
        return now + time.toNanos() + (long) (random.getAsDouble() * spread.toNanos());
    }

    private static String words(CallResult result) {
        if (result instanceof CallResult.Answered answered) {
            return answered.status() == 200 ? "the answer has no list of models" : "status " + answered.status();
        }
        return result instanceof CallResult.Failed failed ? failed.message() : "";
    }

    private void say(String found) {
        if (!found.equals(problem)) {
            problem = found;
            log.atWarn()
                    .addKeyValue("reason", found)
                    .log("Models not listed; requests are called all the same, and clients name their model");
        }
    }
}
