package dev.sluice.gateway.files;

/** The lines of a batch: all of them, those that were answered, and those that failed. */
public record BatchCounts(int total, int completed, int failed) {
    public static final BatchCounts NONE = new BatchCounts(0, 0, 0);
}
