package dev.sluice.worker.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.call.CallResult;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Storms of failures. Each call of a request without fault fails with one probability, whatever happened before, and
 * the worker estimates that probability from the latest calls of others.
 */
class BlamePropertyTest {
    private static final long SEED = 20_261_128;
    private static final long NOW = 1_800_000_000_000L;
    private static final int MAX_ATTEMPTS = 5;
    private static final int INNOCENT = 20_000;
    private static final int POISONS = 200;
    private static final int OTHERS = 64;
    private static final CallResult FAILURE = new CallResult.Failed("connection", "refused", 1);

    private final OutcomeClassifier outcomes = new OutcomeClassifier(MAX_ATTEMPTS, Optional.empty(), () -> 0.5);
    private final Random random = new Random(SEED);

    @ParameterizedTest
    @ValueSource(doubles = {0.0, 0.05, 0.2, 0.5, 0.7, 0.85})
    void aStormHardlyEverBlamesARequestWithoutFault(double failing) {
        int blamed = 0;
        int failures = 0;
        for (int i = 0; i < INNOCENT; i++) {
            Retries retries = new Retries(outcomes, NOW);
            boolean isBlamed = false;
            while (!isBlamed && random.nextDouble() < failing) {
                isBlamed = retries.call(FAILURE, estimate(failing)).outcome() instanceof Outcome.DeadLetter;
                failures++;
            }
            blamed += isBlamed ? 1 : 0;
        }

        assertThat(blamed)
                .as("blamed of %d without fault, after %d failures, with seed %d", INNOCENT, failures, SEED)
                .isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.0, 0.05, 0.2, 0.5, 0.7, 0.85})
    void aRequestThatAlwaysFailsIsBlamedWithinItsBound(double failing) {
        double exact = Math.max(MAX_ATTEMPTS, Math.log(1e-6) / Math.log(Math.max(0.05, failing)));
        int bound = (int) Math.ceil(1.2 * exact) + 1;
        for (int i = 0; i < POISONS; i++) {
            Retries retries = new Retries(outcomes, NOW);

            while (retries.call(FAILURE, estimate(failing)).outcome() instanceof Outcome.Requeue) {
                assertThat(retries.calls())
                        .as("calls of a poison, with seed %d", SEED)
                        .isLessThan(bound);
            }

            assertThat(retries.calls()).isGreaterThanOrEqualTo(MAX_ATTEMPTS);
        }
    }

    @Test
    void noOutageBlamesARequestHoweverLongItLasts() {
        Retries retries = new Retries(outcomes, NOW);

        assertThat(retries.callUntilItEnds(FAILURE, FakeEvidence.failing(1), 10_000))
                .isInstanceOf(Outcome.Requeue.class);
    }

    /** Returns what a lane knows that records the latest calls of others. */
    private FakeEvidence estimate(double failing) {
        int failed = 0;
        for (int i = 0; i < OTHERS; i++) {
            failed += random.nextDouble() < failing ? 1 : 0;
        }
        double share = Math.max(0.05, (failed + 0.5) / (OTHERS + 1));
        return FakeEvidence.failing(failed == OTHERS ? 1 : share);
    }
}
