package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.TokenUsage;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class TokenEstimateTest {
    private static final Percentage NEARLY = Percentage.withPercentage(3);

    private final TokenEstimate estimate = new TokenEstimate();

    @Test
    void estimatesBeforeAnythingIsKnown() {
        Request request = sized(400);

        assertThat(estimate.of(request)).isBetween(300L, 400L);
        assertThat(estimate.of(limited(request, 10, 1))).isBetween(60L, 150L);
    }

    @Test
    void followsTheSizeIfAnswersEchoTheirPrompts() {
        for (int letters = 100; letters < 2_000; letters += 50) {
            Request request = sized(letters);
            estimate.learn(request, new TokenUsage(request.body().length / 3, request.body().length / 2));
        }

        Request larger = sized(5_000);
        assertThat(estimate.of(larger)).isCloseTo(larger.body().length * 5L / 6, NEARLY);
    }

    @Test
    void keepsTheMeanIfAnswersDoNotDependOnTheSize() {
        for (int i = 0; i < 400; i++) {
            Request request = sized(100 + 97 * i % 1_000);
            estimate.learn(request, new TokenUsage(request.body().length / 4, i % 2 == 0 ? 50 : 150));
        }

        Request request = sized(500);
        assertThat(estimate.of(request)).isCloseTo(request.body().length / 4 + 100L, Percentage.withPercentage(10));
    }

    @Test
    void aChangeIsLearned() {
        for (int i = 0; i < 1_000; i++) {
            estimate.learn(sized(100), new TokenUsage(30, i < 500 ? 1_000 : 10));
        }

        assertThat(estimate.of(sized(100))).isBetween(40L, 50L);
    }

    @Test
    void isBoundedByMaxTokensAndCountsChoices() {
        for (int i = 0; i < 50; i++) {
            estimate.learn(sized(100), new TokenUsage(30, 500));
        }

        assertThat(estimate.of(limited(sized(100), 20, 1))).isEqualTo(50);
        assertThat(estimate.of(limited(sized(100), 0, 3))).isEqualTo(30 + 3 * 500);
    }

    @Test
    void isAlwaysPositive() {
        for (int i = 0; i < 10; i++) {
            estimate.learn(sized(1_000 - 90 * i), new TokenUsage(0, 0));
        }

        assertThat(estimate.of(sized(1))).isPositive();
    }

    private static Request sized(int letters) {
        return Requests.ofModel("m").saying("x".repeat(letters)).build();
    }

    private static Request limited(Request request, long maxTokens, int choices) {
        return new Request(request.input(), request.model(), request.tenant(), maxTokens, choices);
    }
}
