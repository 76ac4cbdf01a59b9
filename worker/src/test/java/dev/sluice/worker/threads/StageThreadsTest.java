package dev.sluice.worker.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class StageThreadsTest {
    private static final Duration LONGEST = Duration.ofMinutes(6);

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final StageThreads threads = new StageThreads((name, failure) -> {}, nanos::get);
    private final CountDownLatch ends = new CountDownLatch(1);

    @AfterEach
    void end() {
        ends.countDown();
    }

    @Test
    void aThreadWithoutAHeartbeatIsNamedWithItsAge() {
        start("healthy");
        start("hangs");
        Runnable healthy = threads.heartbeat("healthy");

        pass(LONGEST);
        assertThat(threads.failures(LONGEST)).isEmpty();

        pass(Duration.ofSeconds(1));
        healthy.run();
        assertThat(threads.failures(LONGEST)).containsExactly("thread hangs hangs: no heartbeat for 361 s");
        assertThat(threads.ages())
                .containsEntry("healthy", Duration.ZERO)
                .containsEntry("hangs", LONGEST.plusSeconds(1));
    }

    @Test
    void aThreadIsHealthyAgainAfterItsNextHeartbeat() {
        start("slow");
        pass(LONGEST.plusSeconds(1));
        assertThat(threads.failures(LONGEST)).hasSize(1);

        threads.heartbeat("slow").run();

        assertThat(threads.failures(LONGEST)).isEmpty();
    }

    /** The event loop of the HTTP client is such a thread. */
    @Test
    void aThreadOfSomebodyElseThatBeatsIsWatchedAsWell() {
        Runnable heartbeat = threads.heartbeat("foreign");
        pass(LONGEST.plusSeconds(1));
        assertThat(threads.failures(LONGEST)).containsExactly("thread foreign hangs: no heartbeat for 361 s");

        heartbeat.run();

        assertThat(threads.failures(LONGEST)).isEmpty();
    }

    @Test
    void aThreadThatStartsLongAfterItsWiringDoesNotHang() {
        Runnable unused = threads.heartbeat("late");
        pass(LONGEST.multipliedBy(2));

        start("late");

        assertThat(threads.failures(LONGEST)).isEmpty();
    }

    @Test
    void aThreadThatHasEndedIsNamed() {
        threads.start("ended", () -> {});

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(threads.failures(LONGEST)).containsExactly("thread ended has ended"));
    }

    /** Waits until it runs: its start counts as a round. */
    private void start(String name) {
        CountDownLatch runs = new CountDownLatch(1);
        threads.start(name, () -> {
            runs.countDown();
            hold(ends);
        });
        hold(runs);
    }

    private static void hold(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
