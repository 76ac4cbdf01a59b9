package dev.sluice.worker.intake;

import java.util.Objects;

/**
 * A chat request that can be called.
 *
 * @param model the model it names; not empty
 * @param maxTokens the most tokens one choice may have; 0 where the request names none
 * @param choices how many choices it asks for
 */
public record Request(InputRecord envelope, String model, long maxTokens, int choices) {
    /** The chat-completions body, byte for byte as it was published. Not to be changed. */
    public byte[] body() {
        return Objects.requireNonNull(envelope.value());
    }

    /** Whether it was called or put off before: such requests go ahead of the backlog. */
    public boolean isRetry() {
        return envelope.attempts() > 0 || envelope.deferrals() > 0;
    }

    public Assignment assignment() {
        return envelope.assignment();
    }

    @Override
    public String toString() {
        return envelope.toString();
    }
}
