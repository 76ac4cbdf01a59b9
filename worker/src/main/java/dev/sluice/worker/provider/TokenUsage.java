package dev.sluice.worker.provider;

/** The tokens that a call cost according to its answer. Neither number is negative. */
public record TokenUsage(long prompt, long completion) {
    public long total() {
        return prompt + completion;
    }
}
