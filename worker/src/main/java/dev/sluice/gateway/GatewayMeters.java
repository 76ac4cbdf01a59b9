package dev.sluice.gateway;

import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchWatch;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Counts what the door has answered, and shows what waits. It belongs to the event loop. */
final class GatewayMeters {
    private final MeterRegistry registry;
    private volatile int waiting;
    private volatile int orphans;
    private volatile long openAnswerBytes;
    private volatile long uploadBytes;

    GatewayMeters(MeterRegistry registry, WorkerWatch workers, Optional<BatchWatch> batches) {
        this.registry = registry;
        Gauge.builder("sluice.gateway.workers", () -> alive(workers))
                .description("Workers that are alive; NaN while that is not known")
                .register(registry);
        Gauge.builder("sluice.gateway.waiting.requests", () -> waiting)
                .description("Requests that wait for their reply")
                .register(registry);
        Gauge.builder("sluice.gateway.orphans", () -> orphans)
                .description("Requests whose client has gone and may come back")
                .register(registry);
        Gauge.builder("sluice.gateway.open.answer.bytes", () -> openAnswerBytes)
                .description("Bytes of answers that their clients have not taken yet")
                .register(registry);
        Gauge.builder("sluice.gateway.upload.bytes", () -> uploadBytes)
                .description("Bytes of bodies that are not with Kafka yet")
                .register(registry);
        batches.ifPresent(this::show);
    }

    private void show(BatchWatch batches) {
        for (BatchStatus status : BatchStatus.values()) {
            if (!status.isEnd()) {
                Gauge.builder("sluice.gateway.open.batches", () -> batches.count(status))
                        .description("Batches in the directory that have not come to an end")
                        .tag("status", status.word())
                        .register(registry);
            }
        }
        Gauge.builder(
                        "sluice.gateway.batch.stall.seconds",
                        () -> batches.stall().toMillis() / 1e3)
                .description("Longest time for which an open batch has had neither an answer nor another state")
                .register(registry);
    }

    private static double alive(WorkerWatch workers) {
        OptionalInt alive = workers.alive();
        return alive.isPresent() ? alive.getAsInt() : Double.NaN;
    }

    /** Counts an exchange that has ended. */
    void ended(String route, int status, String outcome, long nanos) {
        Counter.builder("sluice.gateway.requests")
                .description("Requests that were answered, and those whose client has gone (499)")
                .tag("route", route)
                .tag("status", Integer.toString(status))
                .tag("outcome", outcome)
                .register(registry)
                .increment();
        Timer.builder("sluice.gateway.request.duration")
                .description("Time from the head of a request to the last byte of its answer")
                .tag("route", route)
                .serviceLevelObjectives(
                        Duration.ofMillis(10),
                        Duration.ofMillis(100),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(10))
                .register(registry)
                .record(Duration.ofNanos(nanos));
    }

    /** Shows the present state. Called on the event loop, so that other threads read numbers only. */
    void show(WaitingRequests requests, OpenAnswers answers, UploadBudget uploads) {
        waiting = requests.size();
        orphans = requests.orphanCount();
        openAnswerBytes = answers.bytes();
        uploadBytes = uploads.held();
    }
}
