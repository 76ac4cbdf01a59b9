package dev.sluice;

import org.jspecify.annotations.Nullable;

/**
 * The {@code error} object of a failed reply. {@code type} and {@code code} are the provider's own words, which may
 * change. Decide by {@link ChatReply#httpStatus()} and {@link ChatReply#reason()} first.
 *
 * @param message a text for people, empty if the reply has none
 * @param type for example {@code invalid_request_error}
 * @param code for example {@code model_not_available}
 */
public record ChatError(
        String message, @Nullable String type, @Nullable String code) {}
