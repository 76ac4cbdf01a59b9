package dev.sluice.trials.bench;

import dev.sluice.sandbox.ReceivedCall;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A backlog, workers that take it, and a stand-in that limits them. */
final class PaceRun implements AutoCloseable {
    private static final int PARTITIONS = 12;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final RequestTimes ledger;
    private final BenchRig rig;
    private final BenchRig.Ends ends;
    private final int requests;

    PaceRun(BenchScenario bench, Path folder, int requests, StandInSettings settings, String... jvmOptions)
            throws IOException, InterruptedException {
        this.requests = requests;
        this.ledger = new RequestTimes(requests);
        this.rig = bench.rig(folder, ledger, jvmOptions);
        this.ends = rig.open(PARTITIONS, settings);
        bench.warmUp(ends);
    }

    RequestTimes ledger() {
        return ledger;
    }

    TogetherStandIn api() {
        return ends.api();
    }

    String bootstrapServers() {
        return ends.bootstrapServers();
    }

    /** All of the backlog at once, spread over the partitions. */
    void publish(IntFunction<String> body) {
        for (int i = 0; i < requests; i++) {
            ends.publisher().publish(i % PARTITIONS, body);
        }
        ends.publisher().confirm();
    }

    /** The same with a trace for each. */
    void publish(boolean traced, IntFunction<String> body) {
        if (traced) {
            ends.publisher().trace();
        }
        publish(body);
    }

    /** Requests that nobody counts, behind the others. */
    void publishBehind(int count) {
        for (int i = 0; i < count; i++) {
            ends.publisher().publishUncounted(i % PARTITIONS);
        }
        ends.publisher().confirm();
    }

    WorkerProcess start(Contender contender, ContenderRounds contest) {
        return contender.start(rig, ends, contest.inFlight(), contest.heapMib());
    }

    void requireScraped() throws InterruptedException {
        rig.requireScraped();
    }

    WorkerProcess worker(List<String> options) {
        return rig.pacedWorker(ends, options);
    }

    /** So many workers, each with its part of the partitions. */
    List<WorkerProcess> workers(int count, List<String> options) throws InterruptedException {
        List<WorkerProcess> workers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            workers.add(worker(options));
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!ends.offsets().shared(count)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(count + " workers have not shared the partitions within " + PATIENCE);
            }
            Thread.sleep(100);
        }
        return workers;
    }

    /** When the first call came. */
    long firstCall() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        if (!rig.comesTrueBefore(deadline, () -> ends.api().calls() > 0)) {
            throw new IllegalStateException("no call within " + PATIENCE);
        }
        return ends.api().history().get(0).nanoTime();
    }

    /** Waits for it until so many seconds after {@code start}. */
    boolean comesTrue(long start, long seconds, BooleanSupplier holds) throws InterruptedException {
        return rig.comesTrueBefore(start + TimeUnit.SECONDS.toNanos(seconds), holds);
    }

    /** Waits until so many seconds after {@code start}, or until all is answered, and says which. */
    boolean answeredBefore(long start, long seconds) throws InterruptedException {
        return comesTrue(start, seconds, this::isAnswered);
    }

    boolean isAnswered() {
        return ledger.isAnswered();
    }

    CallTraffic traffic(@Nullable RateLine limit, boolean inTokens) {
        return new CallTraffic(ends.api().history(), limit, inTokens);
    }

    CallTraffic traffic(String model, RateLine limit) {
        List<ReceivedCall> calls = ends.api().history().stream()
                .filter(call -> call.model().equals(model))
                .toList();
        return new CallTraffic(calls, limit, false);
    }

    @Override
    public void close() {
        rig.close();
    }
}
