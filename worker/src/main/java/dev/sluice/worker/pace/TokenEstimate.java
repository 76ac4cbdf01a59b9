package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.TokenUsage;

/**
 * Estimates the tokens that a request will cost from what earlier requests of its model have cost. The prompt follows
 * the size of the body. The answer may follow it, as an echo does, or not. So a line is fitted through
 * the last few hundred answers. Arithmetic only; owned by the pace thread.
 */
final class TokenEstimate {
    /** The bytes of a token before anything is known, which is a rule of thumb for English. */
    private static final double BYTES_PER_TOKEN = 4;

    private static final double FIRST_OUTPUT = 256;
    /** The weight of earlier answers decays by this factor with each answer. */
    private static final double DECAY = 0.99;
    /** A line through less weight than this is not used. */
    private static final double MIN_WEIGHT = 3;

    private final Line prompt = new Line();
    private final Line output = new Line();

    /** Returns the estimated tokens of the prompt and all choices together, at least 1. */
    long of(Request request) {
        double each = output.weight < MIN_WEIGHT ? FIRST_OUTPUT : output.at((double) request.body().length);
        if (request.maxTokens() > 0) {
            each = Math.min(each, (double) request.maxTokens());
        }
        return Math.max(1, Math.round(prompted(request) + request.choices() * Math.max(1, each)));
    }

    /** Returns the estimated tokens of the prompt alone, at least 1. */
    long ofPrompt(Request request) {
        return Math.round(prompted(request));
    }

    private double prompted(Request request) {
        double bytes = request.body().length;
        return Math.max(1, prompt.weight < MIN_WEIGHT ? bytes / BYTES_PER_TOKEN : prompt.at(bytes));
    }

    /** Returns the tokens that an ordinary request costs, which is the average of earlier ones. */
    double ordinary() {
        return prompt.weight == 0 ? FIRST_OUTPUT : Math.max(1, prompt.mean() + output.mean());
    }

    void learn(Request request, TokenUsage usage) {
        double bytes = request.body().length;
        prompt.learn(bytes, (double) usage.prompt());
        output.learn(bytes, (double) usage.completion() / request.choices());
    }

    /** A least-squares fit, weighted by age. */
    private static final class Line {
        private double weight;
        private double x;
        private double y;
        private double xx;
        private double xy;

        void learn(double newX, double newY) {
            weight = weight * DECAY + 1;
            x = x * DECAY + newX;
            y = y * DECAY + newY;
            xx = xx * DECAY + newX * newX;
            xy = xy * DECAY + newX * newY;
        }

        double mean() {
            return y / weight;
        }

        double at(double where) {
            double spread = xx - x * x / weight;
            // Bodies of one size give no slope: the mean is then the best guess for every size.
            double slope = spread < 1 ? 0 : (xy - x * y / weight) / spread;
            return mean() + slope * (where - x / weight);
        }
    }
}
