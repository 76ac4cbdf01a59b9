package dev.sluice.trials.chaos;

import dev.sluice.sandbox.CallObserver;
import dev.sluice.sandbox.FaultRule;
import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.sandbox.ReceivedRequest;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The stand-in for the API, which has outages and other faults on demand but keeps its address. Thread-safe. */
final class ChaosApi implements AutoCloseable {
    private static final Pattern ID = Pattern.compile("chaos-\\d{6,}");
    private static final StandInSettings HEALTHY = StandInSettings.DEFAULT
            .withLatency(new LatencyModel.LogNormal(Duration.ofMillis(250), 0.7))
            .withEdgeTimeout(Duration.ofSeconds(30));

    private final HistoryRecorder recorder;
    private final List<FaultRule> rules = new ArrayList<>();
    private final List<RateLimit> limits = new ArrayList<>();
    private final long seed;
    private final int port;
    private @Nullable TogetherStandIn standIn;
    private int outages;

    ChaosApi(long seed, HistoryRecorder recorder) throws IOException {
        this.recorder = recorder;
        this.seed = seed;
        TogetherStandIn first = TogetherStandIn.start(settings(), 0, this::callArrived);
        this.standIn = first;
        this.port = first.port();
    }

    String baseUrl() {
        return "http://127.0.0.1:" + port + "/v1";
    }

    private CallObserver.End callArrived(ReceivedRequest request) {
        long startedAt = recorder.now();
        String worker = request.header("authorization").orElse("").replace("Bearer ", "");
        Matcher id = ID.matcher(new String(request.body(), StandardCharsets.UTF_8));
        String marker = id.find() ? id.group() : "";
        recorder.callBegan();
        return (status, delivered) ->
                recorder.callEnded(new ApiCall(marker, worker, startedAt, recorder.now(), status, delivered));
    }

    /** Cuts all calls and refuses connections until {@link #up} was called as often as this method. */
    synchronized void down() {
        outages++;
        close();
    }

    synchronized void up() throws IOException {
        outages--;
        if (outages == 0) {
            standIn = TogetherStandIn.start(settings(), port, this::callArrived);
        }
    }

    synchronized void add(FaultRule rule) {
        rules.add(rule);
        apply();
    }

    synchronized void remove(FaultRule rule) {
        rules.remove(rule);
        apply();
    }

    /** Adds a limit. The limit that was added last holds. */
    synchronized void add(RateLimit limit) {
        limits.add(limit);
        apply();
    }

    synchronized void remove(RateLimit limit) {
        limits.remove(limit);
        apply();
    }

    private void apply() {
        if (standIn != null) {
            standIn.apply(settings());
        }
    }

    private StandInSettings settings() {
        return HEALTHY.withSeed(seed)
                .withFaults(rules.toArray(FaultRule[]::new))
                .withLimit(limits.isEmpty() ? RateLimit.NONE : limits.get(limits.size() - 1));
    }

    @Override
    public synchronized void close() {
        if (standIn != null) {
            standIn.close();
            standIn = null;
        }
    }
}
