package dev.sluice.gateway.files;

/**
 * A problem of the input of a batch.
 *
 * @param code the word of OpenAI's API
 * @param line the number of the line, from 1, or 0 for the file as a whole
 */
public record BatchError(String code, String message, int line) {}
