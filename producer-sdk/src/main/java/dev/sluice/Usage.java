package dev.sluice;

/**
 * What an answer has cost, as counted by the API.
 *
 * @param promptTokens tokens of the request
 * @param completionTokens tokens of the answer, reasoning included
 * @param totalTokens what the API calls the total; usually the sum of the two
 */
public record Usage(long promptTokens, long completionTokens, long totalTokens) {}
