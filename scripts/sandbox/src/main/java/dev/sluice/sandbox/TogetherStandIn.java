package dev.sluice.sandbox;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/**
 * A stand-in for Together AI's chat API, over real HTTP: {@code POST /v1/chat/completions} with keys, limits, headers,
 * errors and failures as the real one has them, all of which can be changed while it runs.
 *
 * <p><b>Directives.</b> A request can say itself how it is to end, by words in the text of its last message, written as
 * {@link ApiFault} describes:
 *
 * <pre>
 * [stand-in: status=500]
 * [stand-in: hang]
 * [stand-in: latency=250ms]
 * [stand-in: status=429 reset=2 times=2] [stand-in: cut times=1]     two 429s, one cut connection, then a completion
 * </pre>
 *
 * Several follow one another, each for as many calls of the very same body as its {@code times} says. A directive goes
 * before any {@link FaultRule}; a malformed one is a 400 that says why.
 *
 * <p><b>Control</b>, for a stand-in that runs alone: {@code GET /control} gives settings and counts, {@code PUT} or
 * {@code PATCH /control} takes a part of the settings ({@link StandInSettings#patched}), {@code GET /control/history?max=1000}
 * gives the latest calls, {@code DELETE /control/history} forgets them.
 *
 * <p>Streaming isn't there: {@code "stream": true} is a 400. Thread-safe.
 */
public final class TogetherStandIn implements AutoCloseable {
    private static final byte[] LOOPBACK = {127, 0, 0, 1};

    private final AtomicReference<StandInSettings> settings;
    private final StandInParts parts;
    private final HttpServer server;

    private TogetherStandIn(StandInSettings settings, InetSocketAddress address, CallObserver observer)
            throws IOException {
        this.settings = new AtomicReference<>(settings);
        this.parts = StandInParts.of(settings.seed());
        this.server = HttpPort.open(address, parts.executor());
        server.createContext("/", HttpPort.guarded(new ChatEndpoint(parts, this.settings::get, observer)));
        server.createContext(ControlEndpoint.PATH, HttpPort.guarded(new ControlEndpoint(this)));
        server.start();
    }

    /** On a free port of the loopback interface, with {@link StandInSettings#DEFAULT}. */
    public static TogetherStandIn start() throws IOException {
        return start(StandInSettings.DEFAULT);
    }

    /** On a free port of the loopback interface. */
    public static TogetherStandIn start(StandInSettings settings) throws IOException {
        return start(settings, 0);
    }

    /**
     * On the loopback interface.
     *
     * @param port 0: a free one
     * @throws IOException if the port is taken
     */
    public static TogetherStandIn start(StandInSettings settings, int port) throws IOException {
        return start(settings, port, CallObserver.NONE);
    }

    /** On the loopback interface, with an observer of every call; port 0: a free one. */
    public static TogetherStandIn start(StandInSettings settings, int port, CallObserver observer) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port);
        return new TogetherStandIn(settings, address, observer);
    }

    /** On an interface of one's choice. Whoever reaches it can also control it. */
    public static TogetherStandIn start(StandInSettings settings, InetSocketAddress address) throws IOException {
        return new TogetherStandIn(settings, address, CallObserver.NONE);
    }

    /** What the API's client takes as its base: {@code http://127.0.0.1:PORT/v1}. */
    public String baseUrl() {
        return "http://" + host() + ":" + port() + "/v1";
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public StandInSettings settings() {
        return settings.get();
    }

    /** From now on; calls under way end as they began. What limiters have counted stays, unless their kind changes. */
    public void apply(StandInSettings newSettings) {
        update(old -> newSettings);
    }

    /**
     * Changes the settings as one step, so that two changes at the same time don't undo one another.
     *
     * @param change may be called more than once
     */
    public void update(UnaryOperator<StandInSettings> change) {
        StandInSettings before = settings.getAndUpdate(change);
        StandInSettings after = settings.get();
        if (before.seed() != after.seed()) {
            parts.api().reseed(after.seed());
        }
    }

    /** Calls since the start or the last {@link #clearHistory}, the refused ones included. */
    public long calls() {
        return parts.history().calls();
    }

    /** Calls whose last message has exactly this text, among the latest million. */
    public int calls(String text) {
        return parts.history().calls(text);
    }

    /** Ended calls by status; 0: hung or cut, no whole answer was sent. */
    public Map<Integer, Long> callsByStatus() {
        return parts.history().byStatus();
    }

    /** The latest calls in the order of their arrival, up to a million. */
    public List<ReceivedCall> history() {
        return history(CallHistory.MAX_CALLS);
    }

    /** The latest {@code max} calls in the order of their arrival. */
    public List<ReceivedCall> history(int max) {
        return parts.history().latest(max);
    }

    /** The latest request at all, as it came. */
    public Optional<ReceivedRequest> received() {
        return parts.history().last();
    }

    /** The latest request whose last message has exactly this text; of the latest 10,000 texts, at most 64 MiB. */
    public Optional<ReceivedRequest> received(String text) {
        return parts.history().received(text);
    }

    /** Calls under way, those included that their caller has given up meanwhile. */
    public int openCalls() {
        return parts.history().open();
    }

    /** The most calls that were under way at the same time. */
    public int maxOpenCalls() {
        return parts.history().maxOpen();
    }

    /** Forgets all calls, those included that {@code times} of directives has counted. */
    public void clearHistory() {
        parts.history().clear();
        parts.api().forgetCalls();
    }

    /** Cuts every connection and stops. */
    @Override
    public void close() {
        server.stop(0);
        parts.timer().shutdownNow();
        parts.executor().shutdownNow();
    }

    private String host() {
        InetAddress address = server.getAddress().getAddress();
        return address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
    }
}
