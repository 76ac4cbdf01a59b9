package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;

/**
 * Whose turn a request takes in its lane: those with the same model and tenant wait for each other and for nobody else.
 *
 * @param model the model, which differs only in the lane that models share
 * @param tenant the tenant; empty if the request names none
 */
record FlowKey(String model, String tenant) {
    /** The flow of all requests that have none of their own. It is not a possible model name. */
    static final FlowKey SHARED = new FlowKey("", "");

    static FlowKey of(Request request) {
        return new FlowKey(request.model(), request.tenant());
    }
}
