package dev.sluice.worker.topics;

import dev.sluice.wire.WireHeaders;
import java.util.List;

/** The headers of records that only workers may set. */
public final class WorkerHeaders {
    /**
     * The headers that tell of what has become of a request, and where it came from. A producer's own record loses them
     * before it goes on, and so does a request that is replayed.
     */
    public static final List<String> HISTORY = List.of(
            WireHeaders.PRIORITY,
            WireHeaders.LAST_ERROR,
            WireHeaders.SUSPICION,
            WireHeaders.ERROR_MESSAGE,
            WireHeaders.ERROR_TYPE,
            WireHeaders.ERROR_CODE,
            WireHeaders.ERROR_PARAM,
            WireHeaders.STATUS,
            WireHeaders.HTTP_STATUS,
            WireHeaders.REASON,
            WireHeaders.QUEUED_MS,
            WireHeaders.CALL_MS,
            WireHeaders.CALL,
            WireHeaders.PIECE,
            WireHeaders.ASSEMBLED,
            WireHeaders.ORIGIN,
            WireHeaders.REDIRECTED,
            WireHeaders.REPLAYED,
            WireHeaders.REPLAYED_BY);

    /** The headers that count what was done for a request. Workers write them anew each time. */
    public static final List<String> COUNTERS =
            List.of(WireHeaders.ATTEMPTS, WireHeaders.DEFERRALS, WireHeaders.ENQUEUED_AT);

    private WorkerHeaders() {}
}
