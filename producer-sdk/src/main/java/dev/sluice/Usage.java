package dev.sluice;

/**
 * The tokens of an answer as counted by the API.
 *
 * @param promptTokens tokens of the request
 * @param completionTokens tokens of the answer, reasoning included
 * @param totalTokens the API's total, usually the sum of both
 */
public record Usage(long promptTokens, long completionTokens, long totalTokens) {}
