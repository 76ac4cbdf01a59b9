package dev.sluice.trials.chaos.check;

/**
 * Something that must not happen, and has.
 *
 * @param rule in one word or two, such as {@code lost}
 * @param subject what it happened to: a request's id, a worker, a partition
 */
public record Violation(String rule, String subject, String details) {
    @Override
    public String toString() {
        return rule + ": " + subject + ": " + details;
    }
}
