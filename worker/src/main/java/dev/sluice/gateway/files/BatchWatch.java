package dev.sluice.gateway.files;

import dev.sluice.gateway.files.BatchStore.NumberedState;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the batches that have not come to an end, whichever door runs them. So every door sees when they stand still,
 * also where no door runs them. A batch moves when it has another state or more answers.
 *
 * <p>One thread at a time may {@link #look}, which blocks. Everything else is thread-safe and waits for nothing.
 */
public final class BatchWatch {
    private static final Logger LOG = LoggerFactory.getLogger(BatchWatch.class);

    private final BatchStore store;
    private final LongSupplier nanoTime;
    private Map<String, Seen> seen = Map.of();
    /** The last time at which any batch has moved. */
    private long movedAt;

    private volatile Picture picture = new Picture(Map.of(), 0);
    private volatile boolean isReadable = true;

    /** A batch as it was seen last, and the time since which it is so. */
    private record Seen(NumberedState state, long since) {}

    private record Picture(Map<BatchStatus, Integer> counts, long standingSince) {}

    /** @param nanoTime a steady clock, so that no clock that jumps makes a batch stand still */
    public BatchWatch(BatchStore store, LongSupplier nanoTime) {
        this.store = store;
        this.nanoTime = nanoTime;
        this.movedAt = nanoTime.getAsLong();
    }

    /** Reads the present states. Where they cannot be read, no batch has moved. */
    public void look() {
        try {
            take(store.openStates());
            isReadable = true;
        } catch (IOException e) {
            if (isReadable) {
                LOG.atWarn().addKeyValue("error", e.toString()).log("Open batches not read, which is tried again");
            }
            isReadable = false;
        }
    }

    private void take(Iterable<NumberedState> states) {
        long now = nanoTime.getAsLong();
        Map<String, Seen> present = new HashMap<>();
        Map<BatchStatus, Integer> counts = new EnumMap<>(BatchStatus.class);
        for (NumberedState state : states) {
            String id = state.batch().id();
            Seen before = seen.get(id);
            present.put(id, before != null && before.state().equals(state) ? before : new Seen(state, now));
            counts.merge(state.batch().status(), 1, Integer::sum);
        }
        if (seen.entrySet().stream().anyMatch(each -> !each.getValue().equals(present.get(each.getKey())))) {
            movedAt = now; // one that has come to an end has moved, too
        }
        seen = present;
        long standingSince =
                present.values().stream().mapToLong(this::standsSince).reduce(now, (a, b) -> a - b < 0 ? a : b);
        picture = new Picture(counts, standingSince);
    }

    /** A batch that waits for its turn stands still only if all others do. */
    private long standsSince(Seen batch) {
        boolean isWaiting = batch.state().batch().run().number() == 0;
        return isWaiting && movedAt - batch.since() > 0 ? movedAt : batch.since();
    }

    /** Returns how many batches are in this state. */
    public int count(BatchStatus status) {
        return picture.counts().getOrDefault(status, 0);
    }

    /** Returns the longest time for which an open batch has not moved, or zero if no batch is open. */
    public Duration stall() {
        Picture last = picture;
        return last.counts().isEmpty() ? Duration.ZERO : Duration.ofNanos(nanoTime.getAsLong() - last.standingSince());
    }

    /** Returns false if the states could not be read at the last look. */
    public boolean isReadable() {
        return isReadable;
    }
}
