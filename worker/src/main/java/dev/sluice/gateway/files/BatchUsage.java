package dev.sluice.gateway.files;

/**
 * The tokens of all answers of a batch, as far as the answers say them.
 *
 * @param cachedTokens those of the input that the provider had in its cache
 * @param reasoningTokens those of the output that no text shows
 */
public record BatchUsage(
        long inputTokens, long cachedTokens, long outputTokens, long reasoningTokens, long totalTokens) {
    public static final BatchUsage NONE = new BatchUsage(0, 0, 0, 0, 0);
}
