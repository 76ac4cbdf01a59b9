package dev.sluice.worker.observe;

import dev.sluice.worker.settle.SettleListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps the meters of one worker. Thread-safe; no method blocks its caller. */
public final class Metrics implements AutoCloseable {
    /** The number of models, and of tenants, that have labels of their own. */
    private static final int MAX_NAMES = 64;

    private final MeterRegistry registry;
    private final Clock clock;
    private final CallMeters calls;
    private final SettleMeters settlements;
    private final KafkaMeters kafka;
    private @Nullable WatchedStages stages;
    private @Nullable StageMeters stageMeters;

    private Metrics(MeterRegistry registry, Clock clock, boolean on) {
        this.registry = registry;
        this.clock = clock;
        this.calls = new CallMeters(registry, new BoundedNames(MAX_NAMES), new BoundedNames(MAX_NAMES));
        this.settlements = new SettleMeters(registry, clock);
        this.kafka = new KafkaMeters(registry, on);
    }

    static Metrics in(MeterRegistry registry) {
        registry.config().meterFilter(MeterFilter.deny(KafkaMeters::isNoise));
        return new Metrics(registry, Clock.systemUTC(), true);
    }

    /** Returns meters that keep nothing, for a worker that nobody observes. */
    public static Metrics off() {
        return new Metrics(new CompositeMeterRegistry(), Clock.systemUTC(), false);
    }

    public CallMeters calls() {
        return calls;
    }

    public SettleListener settlements() {
        return settlements;
    }

    public KafkaMeters kafka() {
        return kafka;
    }

    /** Shows the state of these stages from now on. Call it once. */
    public synchronized void show(WatchedStages watched) {
        stages = watched;
        stageMeters = new StageMeters(registry, watched, clock);
    }

    /** Returns the stages that are shown; empty before the worker has made them. */
    synchronized Optional<WatchedStages> stages() {
        return Optional.ofNullable(stages);
    }

    /** Updates the meters that are read from the stages. All others are updated by reports. */
    synchronized void refresh() {
        if (stageMeters != null) {
            stageMeters.refresh();
        }
    }

    @Override
    public void close() {
        kafka.close();
        registry.close();
    }
}
