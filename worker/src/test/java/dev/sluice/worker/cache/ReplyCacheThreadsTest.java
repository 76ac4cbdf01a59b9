package dev.sluice.worker.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests the cache with one thread that asks and withdraws while others report the ends of calls, as in a worker. */
class ReplyCacheThreadsTest {
    private static final int KINDS = 400;
    private static final int OF_A_KIND = 25;
    private static final int CALLERS = 3;

    private final BlockingQueue<Request> lane = new LinkedBlockingQueue<>();
    private final Map<Request, Boolean> ends = new ConcurrentHashMap<>();
    private final ReplyCache cache =
            new ReplyCache(1 << 20, Optional.empty(), Clock.systemUTC(), lane::add, (request, body) -> ended(request));
    private volatile boolean asked;

    @Test
    void everyRequestEndsOnceOrLeavesWithItsPartition() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        List<Future<?>> calling = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            calling.add(callers.submit(this::call));
        }
        List<Request> staying = ask();
        asked = true;
        for (Future<?> caller : calling) {
            caller.get();
        }
        callers.shutdown();

        await().atMost(Duration.ofSeconds(10)).until(callers::isTerminated);
        assertThat(staying).allMatch(ends::containsKey);
        ReplyCache.Counts counts = cache.counts();
        assertThat(counts.misses()).isLessThan(KINDS * OF_A_KIND);
        assertThat(counts.hits() + counts.shared()).isPositive();
    }

    /** Hands over all requests. A third of every other kind comes from partitions that leave right afterwards. */
    private List<Request> ask() {
        List<Request> staying = new ArrayList<>();
        for (int kind = 0; kind < KINDS; kind++) {
            Assignment leaving = Requests.assigned();
            for (int i = 0; i < OF_A_KIND; i++) {
                boolean leaves = kind % 2 == 0 && i % 3 == 0;
                Request request = Requests.ofModel("m")
                        .saying("text " + kind)
                        .withHeader(WireHeaders.CACHE, "PT1H")
                        .under(leaves ? leaving : Requests.ASSIGNMENT)
                        .at(kind * OF_A_KIND + i)
                        .build();
                cache.accept(request);
                if (!leaves) {
                    staying.add(request);
                }
            }
            cache.withdraw(Set.of(leaving));
        }
        return staying;
    }

    private @Nullable Void call() throws InterruptedException {
        while (true) {
            boolean last = asked;
            Request request = lane.poll(1, TimeUnit.MILLISECONDS);
            if (request != null) {
                ended(request);
                boolean passes = ThreadLocalRandom.current().nextBoolean();
                cache.ended(request, passes ? Optional.of(new byte[10]) : Optional.empty());
            } else if (last) {
                return null;
            }
        }
    }

    private void ended(Request request) {
        assertThat(ends.put(request, true)).isNull();
    }
}
