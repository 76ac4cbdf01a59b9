package dev.sluice.worker.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Worker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class SharedDeadlineTest {
    private long nanos = -5;
    private final SharedDeadline deadline = SharedDeadline.in(Duration.ofHours(1), () -> nanos);
    private final CompletableFuture<Void> never = new CompletableFuture<>();

    @Test
    void isMetByWhatHasEnded() {
        pass(Duration.ofHours(2));

        assertThat(deadline.meets(CompletableFuture.completedFuture(null))).isTrue();
        assertThat(deadline.meets(CompletableFuture.failedFuture(new IllegalStateException("defect"))))
                .isFalse();
    }

    @Test
    void whatOneWaitTakesTheNextHasNot() {
        pass(Duration.ofHours(1).minusMillis(10));
        assertThat(deadline.meets(never)).isFalse();

        pass(Duration.ofMillis(10));
        assertThat(deadline.meets(never)).isFalse();
        assertThat(deadline.plus(Duration.ofMillis(10)).meets(never)).isFalse();
    }

    @Test
    void aThreadIsNotWaitedForBeyondIt() throws InterruptedException {
        CountDownLatch released = new CountDownLatch(1);
        Thread thread = new Thread(() -> {
            try {
                released.await();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        });
        thread.start();
        pass(Duration.ofHours(1));

        deadline.join(thread);

        assertThat(thread.isAlive()).isTrue();
        released.countDown();
        thread.join();
    }

    @Test
    void anInterruptEndsTheWaitAndStays() {
        Thread.currentThread().interrupt();

        assertThat(deadline.meets(never)).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aWorkerClosesWithinTheDrainTimeAndLittleMore() {
        assertThat(Worker.longestClose(Duration.ofSeconds(25)))
                .isBetween(Duration.ofSeconds(25), Duration.ofSeconds(45));
    }

    private void pass(Duration duration) {
        nanos += duration.toNanos();
    }
}
