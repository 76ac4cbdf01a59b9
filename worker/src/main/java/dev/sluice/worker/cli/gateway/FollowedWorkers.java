package dev.sluice.worker.cli.gateway;

import dev.sluice.gateway.ModelCatalog;
import dev.sluice.gateway.WorkerWatch;
import dev.sluice.wire.Topics;
import dev.sluice.worker.pool.PoolFollower;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Tells the door what the workers say of themselves. Thread-safe. */
public final class FollowedWorkers implements WorkerWatch, AutoCloseable {
    private final PoolFollower pool;
    private volatile Optional<ModelCatalog> models = Optional.empty();

    /**
     * Begins to follow the workers of a queue.
     *
     * @param kafka the user's properties
     */
    public FollowedWorkers(Map<String, Object> kafka, Topics topics) {
        this.pool = new PoolFollower(kafka, "sluice-gateway", topics, this::take);
        pool.start();
    }

    /** Keeps the list. A record of another form, as of a newer release, leaves the last list. */
    private void take(byte[] list) {
        ModelCatalog.of(list).ifPresent(found -> models = Optional.of(found));
    }

    @Override
    public OptionalInt alive() {
        return pool.alive();
    }

    @Override
    public Optional<ModelCatalog> models() {
        return models;
    }

    @Override
    public void close() {
        pool.close();
    }
}
