package dev.sluice.console;

import io.vertx.core.http.HttpServerRequest;

/** Decides from the head of a request who has sent it. It runs on the event loop. */
@FunctionalInterface
interface AccessRule {
    Decision check(HttpServerRequest request);

    /** The sender may use the console, or may not. */
    sealed interface Decision {}

    record Admitted(ConsoleUser user) implements Decision {}

    /**
     * The sender may not.
     *
     * @param sentence what is wrong, and what to do
     */
    record Refused(int status, String sentence) implements Decision {}
}
