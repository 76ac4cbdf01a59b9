package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.TokenUsage;

/**
 * Guesses what a request will cost in tokens, from what others of its model have cost. The prompt follows the size of
 * the body; the answer may or may not (an echo does, a classification does not), so that a line is fitted through the
 * last few hundred. Arithmetic only; owned by the pace thread.
 */
final class TokenEstimate {
    /** Letters to a token, before anything is known; a rule of thumb for English. */
    private static final double BYTES_PER_TOKEN = 4;

    private static final double FIRST_OUTPUT = 256;
    /** The weight of what is known decays by this with each answer. */
    private static final double MEMORY = 0.99;

    private static final double TOO_FEW = 3;

    private final Line prompt = new Line();
    private final Line output = new Line();

    /** Of prompt and all choices together, at least 1. */
    long of(Request request) {
        double bytes = request.body().length;
        double prompted = prompt.weight < TOO_FEW ? bytes / BYTES_PER_TOKEN : prompt.at(bytes);
        double each = output.weight < TOO_FEW ? FIRST_OUTPUT : output.at(bytes);
        if (request.maxTokens() > 0) {
            each = Math.min(each, (double) request.maxTokens());
        }
        return Math.max(1, Math.round(Math.max(1, prompted) + request.choices() * Math.max(1, each)));
    }

    void learn(Request request, TokenUsage usage) {
        double bytes = request.body().length;
        prompt.learn(bytes, (double) usage.prompt());
        output.learn(bytes, (double) usage.completion() / request.choices());
    }

    /** Least squares, weighed by age. */
    private static final class Line {
        private double weight;
        private double x;
        private double y;
        private double xx;
        private double xy;

        void learn(double newX, double newY) {
            weight = weight * MEMORY + 1;
            x = x * MEMORY + newX;
            y = y * MEMORY + newY;
            xx = xx * MEMORY + newX * newX;
            xy = xy * MEMORY + newX * newY;
        }

        /** The line's value, but never far from anything seen where all were of one size. */
        double at(double where) {
            double spread = xx - x * x / weight;
            double mean = x / weight;
            double slope = spread < 1 ? 0 : (xy - x * y / weight) / spread;
            return y / weight + slope * (where - mean);
        }
    }
}
