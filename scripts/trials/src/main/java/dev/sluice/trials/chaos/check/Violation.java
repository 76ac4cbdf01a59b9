package dev.sluice.trials.chaos.check;

/**
 * A violation of a rule.
 *
 * @param rule one word or two, for example {@code lost}
 * @param subject the id of a request, a worker or a partition
 */
public record Violation(String rule, String subject, String details) {
    @Override
    public String toString() {
        return rule + ": " + subject + ": " + details;
    }
}
