package dev.sluice.worker.settle;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The number of open records and their bytes. Thread-safe. */
final class OpenRecords {
    private final AtomicInteger records = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    void add(int moreRecords, long moreBytes) {
        records.addAndGet(moreRecords);
        bytes.addAndGet(moreBytes);
    }

    void remove(int fewerRecords, long fewerBytes) {
        add(-fewerRecords, -fewerBytes);
    }

    int records() {
        return records.get();
    }

    long bytes() {
        return bytes.get();
    }
}
