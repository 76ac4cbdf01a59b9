package dev.sluice.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Bounds connections, and closes those that do not get on with a request. A client that sends one byte of a head now
 * and then is never idle for the server's own time-out. It belongs to the event loop.
 */
public final class ConnectionGuard {
    /** The time in which a connection must have sent the head of a request. Balancers reuse theirs for up to 75 s. */
    private static final Duration MAX_IDLE = Duration.ofMinutes(2);

    private static final Duration SWEEP = Duration.ofSeconds(10);

    private final int max;
    private final Map<HttpConnection, State> open = new HashMap<>();

    /** The requests of a connection that are under way, and the time since when there are none. */
    private static final class State {
        private int requests;
        private long idleSince = System.nanoTime();
    }

    /**
     * Makes a guard without connections.
     *
     * @param max the most connections; any more are closed at once
     */
    public ConnectionGuard(Vertx vertx, int max) {
        this.max = max;
        vertx.setPeriodic(SWEEP.toMillis(), tick -> sweep());
    }

    /** Takes a connection on which no request has come yet. */
    public void opened(HttpConnection connection) {
        if (open.size() >= max) {
            var unused = connection.close();
            return;
        }
        ProtocolCheck.install(connection);
        open.put(connection, new State());
        connection.closeHandler(closed -> open.remove(connection));
    }

    /** Takes note that a request is under way. */
    public void requestBegan(HttpConnection connection) {
        State state = open.get(connection);
        if (state != null) {
            state.requests++;
        }
    }

    /** Takes note that a request has its answer. */
    public void requestEnded(HttpConnection connection) {
        State state = open.get(connection);
        if (state != null) {
            state.requests--;
            state.idleSince = System.nanoTime();
        }
    }

    private void sweep() {
        long now = System.nanoTime();
        for (Map.Entry<HttpConnection, State> each : List.copyOf(open.entrySet())) {
            State state = each.getValue();
            if (state.requests <= 0 && now - state.idleSince > MAX_IDLE.toNanos()) {
                var unused = each.getKey().close();
            }
        }
    }
}
