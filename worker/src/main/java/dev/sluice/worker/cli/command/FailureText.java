package dev.sluice.worker.cli.command;

import dev.sluice.ChatError;
import dev.sluice.ChatReply;
import dev.sluice.worker.text.PrintableText;

/** Describes failed replies. */
public final class FailureText {
    private FailureText() {}

    /** Returns a line such as {@code request 42 failed: rejected (HTTP 404): no such model}. */
    public static String failure(ChatReply reply) {
        StringBuilder words = new StringBuilder("request ")
                .append(PrintableText.line(reply.id()))
                .append(" failed: ")
                .append(reply.reason().orElse("the reply does not say why"));
        reply.httpStatus()
                .ifPresent(status -> words.append(" (HTTP ").append(status).append(')'));
        reply.error()
                .map(ChatError::message)
                .filter(message -> !message.isBlank())
                .ifPresent(message -> words.append(": ").append(PrintableText.line(message)));
        return words.toString();
    }
}
