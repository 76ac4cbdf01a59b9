package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs an intake between fakes on the test's own thread. A step runs at the beginning of each poll, and intake stops
 * after the last step.
 */
final class IntakeInSteps {
    static final int READY_RECORDS = 100;
    static final long READY_BYTES = 1 << 20;

    final FakeLog log;
    final LogConsumer consumer;
    final List<String> journal = new ArrayList<>();
    final RecordingSink downstream = new RecordingSink(journal);
    final RecordingLedger ledger = new RecordingLedger(journal);
    final SettableClock clock = new SettableClock(1_000_000);
    final AtomicReference<Ownership> ownership;
    final AtomicInteger readers = new AtomicInteger();
    final AtomicInteger heartbeats = new AtomicInteger();
    final Intake intake;
    Runnable onRound = () -> {};
    /** The used part of the heap. */
    double heap = 0.1;

    private final Deque<Runnable> steps = new ArrayDeque<>();

    IntakeInSteps() {
        this(new Intake.Bounds(READY_RECORDS, READY_BYTES, 10, 1_000, Duration.ofSeconds(5)));
    }

    IntakeInSteps(Intake.Bounds bounds) {
        this(bounds, new FakeLog());
    }

    IntakeInSteps(Intake.Bounds bounds, FakeLog log) {
        this.log = log;
        consumer = new LogConsumer(log, 500);
        ownership = new AtomicReference<>(new Ownership(Map.of(), consumer.groupMetadata()));
        intake = new Intake(
                consumer,
                new PollRecovery(
                        this::singleRecordReader,
                        new HeapHeadroom(() -> heap, nanos -> clock.pass(Duration.ofNanos(nanos))),
                        () -> Duration.ofMillis(clock.millis()).toNanos()),
                () -> new LogConsumer(log, 500),
                FakeLog.TOPICS,
                bounds,
                clock,
                new ReplyTopics(FakeLog.TOPICS, List.of()),
                ownership,
                downstream,
                ledger,
                this::heartbeat);
    }

    private void heartbeat() {
        heartbeats.incrementAndGet();
        onRound.run();
    }

    private LogConsumer singleRecordReader() {
        readers.incrementAndGet();
        return new LogConsumer(log, 1);
    }

    /** Adds an iteration of the poll loop that begins with this step. */
    IntakeInSteps then(Runnable step) {
        steps.add(step);
        return this;
    }

    IntakeInSteps rounds(int count) {
        for (int i = 0; i < count; i++) {
            then(() -> clock.pass(Duration.ofMillis(300)));
        }
        return this;
    }

    void run() {
        consumer.committedOnLeaving = ledger::end;
        steps.forEach(consumer::schedulePollTask);
        consumer.schedulePollTask(intake::stop);
        intake.run();
    }
}
