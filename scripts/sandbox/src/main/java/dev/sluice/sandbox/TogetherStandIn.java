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
 * A stand-in for Together AI's chat API over real HTTP. It serves {@code POST /v1/chat/completions} with the keys,
 * limits, headers and errors of the real API. All of them can be changed while it runs. {@code GET /v1/models} lists
 * the models in the API's form. It counts as no call.
 *
 * <p><b>Directives.</b> A request can ask for its own ending by words in the text of its last message. {@link ApiFault}
 * describes them:
 *
 * <pre>
 * [stand-in: status=500]
 * [stand-in: hang]
 * [stand-in: latency=250ms]
 * [stand-in: status=429 reset=2 times=2] [stand-in: cut times=1]     two 429s, one cut connection, then a completion
 * </pre>
 *
 * <p>Several directives apply one after another, each to as many calls of the same body as its {@code times} says. A
 * directive takes precedence over every {@link FaultRule}. A malformed directive is answered by a 400 with the reason.
 *
 * <p><b>Control.</b> A stand-in that runs as its own process is controlled over HTTP. {@code GET /control} returns
 * settings and counts. {@code PUT} or {@code PATCH /control} changes a part of the settings
 * ({@link StandInSettings#patched}). {@code GET /control/history?max=1000} returns the latest calls.
 * {@code DELETE /control/history} clears them.
 *
 * <p><b>Streams.</b> With {@code "stream": true} a completion comes as server-sent events, a chunk for each token. The
 * usage follows in a chunk of its own where {@code stream_options.include_usage} asks for it. Rejections are JSON with
 * their status. The fault {@code pace=20ms} puts time between chunks.
 *
 * <p>The class is thread-safe.
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
        server.createContext("/", HttpPort.withErrorAnswer(new ChatEndpoint(parts, this.settings::get, observer)));
        server.createContext(ControlEndpoint.PATH, HttpPort.withErrorAnswer(new ControlEndpoint(this)));
        server.start();
    }

    /** Starts a stand-in on a free port of the loopback interface with {@link StandInSettings#DEFAULT}. */
    public static TogetherStandIn start() throws IOException {
        return start(StandInSettings.DEFAULT);
    }

    /** Starts a stand-in on a free port of the loopback interface. */
    public static TogetherStandIn start(StandInSettings settings) throws IOException {
        return start(settings, 0);
    }

    /**
     * Starts a stand-in on the loopback interface.
     *
     * @param port the port, or 0 for a free one
     * @throws IOException if the port is taken
     */
    public static TogetherStandIn start(StandInSettings settings, int port) throws IOException {
        return start(settings, port, CallObserver.NONE);
    }

    /**
     * Starts a stand-in on the loopback interface with an observer of every call.
     *
     * @param port the port, or 0 for a free one
     */
    public static TogetherStandIn start(StandInSettings settings, int port, CallObserver observer) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port);
        return new TogetherStandIn(settings, address, observer);
    }

    /** Starts a stand-in on any interface. Every client that reaches it can also control it. */
    public static TogetherStandIn start(StandInSettings settings, InetSocketAddress address) throws IOException {
        return new TogetherStandIn(settings, address, CallObserver.NONE);
    }

    /** Returns the base URL for the API's clients: {@code http://127.0.0.1:PORT/v1}. */
    public String baseUrl() {
        return "http://" + host() + ":" + port() + "/v1";
    }

    /** Returns the port it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Returns the current settings. */
    public StandInSettings settings() {
        return settings.get();
    }

    /**
     * Replaces the settings for later calls. Open calls end under the old settings. The limiters keep their counts
     * unless their kind changes.
     */
    public void apply(StandInSettings newSettings) {
        update(old -> newSettings);
    }

    /**
     * Changes the settings atomically, so that concurrent changes do not undo one another.
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

    /** Returns the number of calls since the start or the last {@link #clearHistory}. It includes rejected calls. */
    public long calls() {
        return parts.history().calls();
    }

    /** Returns how many of the latest million calls had exactly this text in their last message. */
    public int calls(String text) {
        return parts.history().calls(text);
    }

    /** Returns the ended calls by status. Status 0 counts calls that hung or were cut, without a whole answer. */
    public Map<Integer, Long> callsByStatus() {
        return parts.history().byStatus();
    }

    /** Returns the latest calls in the order of their arrival, up to a million. */
    public List<ReceivedCall> history() {
        return history(CallHistory.MAX_CALLS);
    }

    /** Returns the latest {@code max} calls in the order of their arrival. */
    public List<ReceivedCall> history(int max) {
        return parts.history().latest(max);
    }

    /** Returns the latest request as it came. */
    public Optional<ReceivedRequest> lastRequest() {
        return parts.history().lastRequest();
    }

    /**
     * Returns the latest request with exactly this text in its last message. It searches the latest 10,000 texts, at
     * most 64 MiB.
     */
    public Optional<ReceivedRequest> lastRequest(String text) {
        return parts.history().lastRequest(text);
    }

    /** Returns the number of open calls. It includes calls that their callers have given up. */
    public int openCalls() {
        return parts.history().open();
    }

    /** Returns the largest number of calls that were open at the same time. */
    public int maxOpenCalls() {
        return parts.history().maxOpen();
    }

    /** Clears all calls, including the counts for the {@code times} of directives. */
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
