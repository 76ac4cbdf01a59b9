package dev.sluice;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs deadlines in virtual time, on the thread that advances it. */
final class ManualDeadlineScheduler implements DeadlineScheduler {
    private final List<Entry> entries = new ArrayList<>();
    private Duration now = Duration.ZERO;

    private record Entry(Duration due, Runnable action) {}

    @Override
    public synchronized Runnable after(Duration delay, Runnable action) {
        Entry entry = new Entry(now.plus(delay), action);
        entries.add(entry);
        return () -> cancel(entry);
    }

    private synchronized void cancel(Entry entry) {
        entries.remove(entry);
    }

    void advance(Duration time) {
        now = now.plus(time);
        for (Entry entry : List.copyOf(entries)) {
            if (entry.due().compareTo(now) <= 0) {
                cancel(entry);
                entry.action().run();
            }
        }
    }

    synchronized int size() {
        return entries.size();
    }

    @Override
    public synchronized void close() {
        entries.clear();
    }
}
