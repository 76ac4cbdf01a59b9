package dev.sluice.worker.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.LogLines;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** However getting warm fails, the worker starts. */
class WarmStartTest {
    private static final Duration PATIENCE = Duration.ofMillis(50);
    private static final Duration BOUND = Duration.ofSeconds(20);

    @Test
    void itsErrorsAreNobodyElsesAndNoLineTellsOfThem() {
        try (LogLines lines = new LogLines(WarmStart.class)) {
            begin(Runnable::run, () -> {
                throw new NoClassDefFoundError("com/sun/net/httpserver/HttpServer");
            });

            assertThat(lines.all()).isEmpty();
        }
    }

    @Test
    void aThreadThatCannotBeStartedIsNoReasonNotToStart() {
        begin(
                task -> {
                    throw new OutOfMemoryError("unable to create native thread");
                },
                () -> {});
    }

    @Test
    void nobodyWaitsLongerThanItMayTake() {
        begin(task -> {}, () -> {});
    }

    private static void begin(Executor executor, Runnable warmUp) {
        assertThat(WarmStart.begin(executor, warmUp, PATIENCE)).succeedsWithin(BOUND);
    }
}
