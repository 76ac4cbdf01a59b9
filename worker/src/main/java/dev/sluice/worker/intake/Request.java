package dev.sluice.worker.intake;

import java.util.Objects;

/**
 * A chat request that can be called.
 *
 * @param input the record that carries the request
 * @param model the model that the request names; not empty
 * @param tenant for whom the request is; empty if it does not say
 * @param maxTokens the maximum number of tokens of one choice; 0 if the request names none
 * @param choices the number of choices that the request asks for
 */
public record Request(InputRecord input, String model, String tenant, long maxTokens, int choices) {
    /** Returns the chat-completions body, byte for byte as it was published. Callers must not change it. */
    public byte[] body() {
        return Objects.requireNonNull(input.value());
    }

    /** Returns true if the request was called or put off before. It then goes ahead of the backlog. */
    public boolean isRetry() {
        return input.attempts() > 0 || input.deferrals() > 0;
    }

    /** Returns true if the request is called before those that are not express. */
    public boolean isExpress() {
        return input.isExpress();
    }

    public Assignment assignment() {
        return input.assignment();
    }

    @Override
    public String toString() {
        return input.toString();
    }
}
