package dev.sluice.gateway.files;

/**
 * The lines of a batch: all of them, those that were answered, and those that failed.
 *
 * @param usage the tokens of the answers
 */
public record BatchCounts(int total, int completed, int failed, BatchUsage usage) {
    public static final BatchCounts NONE = new BatchCounts(0, 0, 0, BatchUsage.NONE);
}
