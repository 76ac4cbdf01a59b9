package dev.sluice;

import org.jspecify.annotations.Nullable;

/**
 * The {@code error} object of a failed reply. {@code type}, {@code code} and {@code param} are the provider's own
 * words, which may change. Decide by {@link ChatReply#httpStatus()} and {@link ChatReply#reason()} first.
 *
 * @param message a text for people, empty if the reply has none
 * @param type for example {@code invalid_request_error}; where the provider has no word it is the reply's reason
 * @param code for example {@code model_not_available}; where the provider has no word it is the last error
 * @param param the field of the request that the error is about, for example {@code messages.0.content}
 */
public record ChatError(
        String message,
        @Nullable String type,
        @Nullable String code,
        @Nullable String param) {
    /** Makes an error that is about no field in particular. */
    public ChatError(String message, @Nullable String type, @Nullable String code) {
        this(message, type, code, null);
    }
}
