package dev.sluice.worker.observe;

import dev.sluice.worker.settle.SettleListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The meters of one worker. Thread-safe; nothing here blocks those who report. */
public final class Metrics implements AutoCloseable {
    /** Names of models, and of tenants, that are told apart. */
    private static final int MOST_NAMES = 64;

    private final MeterRegistry registry;
    private final Clock clock;
    private final CallMeters calls;
    private final SettleMeters settlements;
    private final KafkaMeters kafka;
    private @Nullable StageView view;
    private @Nullable StageMeters stages;

    private Metrics(MeterRegistry registry, Clock clock, boolean on) {
        this.registry = registry;
        this.clock = clock;
        this.calls = new CallMeters(registry, new BoundedNames(MOST_NAMES), new BoundedNames(MOST_NAMES));
        this.settlements = new SettleMeters(registry, clock);
        this.kafka = new KafkaMeters(registry, on);
    }

    static Metrics in(MeterRegistry registry) {
        registry.config().meterFilter(MeterFilter.deny(KafkaMeters::isNoise));
        return new Metrics(registry, Clock.systemUTC(), true);
    }

    /** For a worker that nobody looks at: what is reported is not kept. */
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

    /** Shows what these stages hold. To be called once. */
    public synchronized void show(WatchedStages fresh) {
        StageView shown = new StageView(fresh);
        view = shown;
        stages = new StageMeters(registry, shown, clock);
    }

    /** Empty until there are stages. */
    synchronized Optional<StageView> view() {
        return Optional.ofNullable(view);
    }

    /** Brings what is not reported but asked up to date. */
    synchronized void refresh() {
        if (stages != null) {
            stages.refresh();
        }
    }

    @Override
    public void close() {
        kafka.close();
        registry.close();
    }
}
