package dev.sluice.worker.pace;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** A partition in virtual time. What is appended reaches all who have subscribed by then. */
final class SimulatedLog {
    private static final long WRITE_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

    private final LongSupplier nanoTime;
    private final BiConsumer<Long, Runnable> at;
    private final List<Consumer<ConsumerRecord<byte[], byte[]>>> readers = new ArrayList<>();
    private long offset;

    /** @param at runs something after so many nanoseconds */
    SimulatedLog(LongSupplier nanoTime, BiConsumer<Long, Runnable> at) {
        this.nanoTime = nanoTime;
        this.at = at;
    }

    void subscribe(Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        readers.add(reader);
    }

    void append(String key, byte[] value) {
        at.accept(WRITE_NANOS, () -> {
            long millis = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong());
            ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                    "chat.workers",
                    0,
                    offset++,
                    millis,
                    TimestampType.LOG_APPEND_TIME,
                    key.length(),
                    value.length,
                    key.getBytes(StandardCharsets.UTF_8),
                    value,
                    new RecordHeaders(),
                    Optional.empty());
            readers.forEach(reader -> reader.accept(record));
        });
    }
}
