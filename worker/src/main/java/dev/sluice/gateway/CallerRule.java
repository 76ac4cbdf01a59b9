package dev.sluice.gateway;

import io.vertx.core.http.HttpServerRequest;

/** Decides from the head of a request whether its sender may use the door. It runs on the event loop. */
@FunctionalInterface
interface CallerRule {
    Verdict check(HttpServerRequest request);

    /** The sender may, or may not. */
    sealed interface Verdict {}

    record Admitted(Caller caller) implements Verdict {}

    record Refused(HttpAnswer answer) implements Verdict {}
}
