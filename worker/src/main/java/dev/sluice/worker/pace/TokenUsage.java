package dev.sluice.worker.pace;

/** The tokens that a call cost, as its answer says; neither is negative. */
public record TokenUsage(long prompt, long completion) {
    long total() {
        return prompt + completion;
    }
}
