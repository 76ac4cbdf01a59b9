package dev.sluice.worker.intake;

/**
 * A backlog is what waits of one flow. Its express requests and those that were called before are backlogs of their
 * own, so that neither lies behind its new requests.
 *
 * @param model the model that the requests name; empty for records that are no requests
 * @param tenant for whom the requests are; empty if they do not say
 */
record Backlog(String model, String tenant, Kind kind) {
    /** Records that are no requests. They wait for nothing. */
    static final Backlog NONE = new Backlog("", "", Kind.NEW);

    /** The part of a flow that a backlog holds. */
    enum Kind {
        NEW,
        CALLED_BEFORE,
        EXPRESS
    }

    static Backlog of(Request request) {
        Kind kind = request.isExpress() ? Kind.EXPRESS : request.isRetry() ? Kind.CALLED_BEFORE : Kind.NEW;
        return new Backlog(request.model(), request.tenant(), kind);
    }
}
