package dev.sluice.trials.chaos;

import dev.sluice.trials.RequestPublisher;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.chaos.history.HistoryRecorder;
import dev.sluice.trials.chaos.plan.ChaosPlan;
import dev.sluice.trials.chaos.plan.PlannedRequest;
import dev.sluice.trials.chaos.plan.RequestKind;
import dev.sluice.trials.chaos.plan.RequestMix;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes the requests of a plan at their times. */
final class PlanPublisher {
    private static final Logger log = LoggerFactory.getLogger(PlanPublisher.class);
    private static final long TICK_MILLIS = 250;
    /**
     * The time without an ending after which nothing more is expected. A request that fails each time may need several
     * of the longest pauses, one after the other.
     */
    private static final long GIVE_UP_MILLIS = 200_000;

    private static final Duration FAULT_BOUND = Duration.ofMinutes(2);

    private final ChaosPlan plan;
    private final RequestPublisher publisher;
    private final HistoryRecorder recorder;
    /** The cancellations that are still to come, the earliest first. */
    private final PriorityQueue<Cancellation> cancellations =
            new PriorityQueue<>(Comparator.comparingLong(Cancellation::at));

    /** @param at the epoch ms at which it is due */
    private record Cancellation(String id, long at) {}

    PlanPublisher(ChaosPlan plan, RequestPublisher publisher, HistoryRecorder recorder) {
        this.plan = plan;
        this.publisher = publisher;
        this.recorder = recorder;
    }

    /** Publishes all planned requests and waits until Kafka has them. */
    void publishPlan() throws InterruptedException {
        long start = recorder.now();
        for (PlannedRequest request : plan.requests()) {
            for (long left = left(start, request); left > 0; left = left(start, request)) {
                Thread.sleep(Math.min(left, TICK_MILLIS));
                cancelDue();
            }
            publish(request);
            cancelDue();
        }
        publisher.flush();
    }

    private long left(long start, PlannedRequest request) {
        return start + request.atMillis() - recorder.now();
    }

    /**
     * Publishes a few plain requests a second until all planned requests have ended and the faults are over. Without
     * new requests a partition that stands still would not be seen. A worker could not tell a request at which the API
     * always fails from an API that is down.
     */
    void publishUntilEnded(CountDownLatch faultsOver) throws InterruptedException {
        RequestMix more = plan.more();
        int partition = 0;
        int left = Integer.MAX_VALUE;
        long giveUpAt = Long.MAX_VALUE;
        while (left > 0 && recorder.now() < giveUpAt) {
            publish(more.plain(partition++ % plan.partitions()));
            cancelDue();
            Thread.sleep(TICK_MILLIS);
            int now = recorder.waiting(plan.requests()) + (int) faultsOver.getCount();
            if (now != left) {
                left = now;
                giveUpAt = recorder.now() + GIVE_UP_MILLIS;
            }
        }
        while (recorder.waiting() > left && recorder.now() < giveUpAt) {
            Thread.sleep(TICK_MILLIS);
        }
        publisher.flush();
        if (!faultsOver.await(FAULT_BOUND.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("the faults are not over within " + FAULT_BOUND);
        }
    }

    private void cancelDue() {
        for (Cancellation next = cancellations.peek();
                next != null && next.at() <= recorder.now();
                next = cancellations.peek()) {
            cancel(cancellations.remove().id());
        }
    }

    private void cancel(String id) {
        long now = recorder.now();
        publisher.publish(CancelMark.ofId(id).record(SluiceJar.TOPICS), failure -> {
            if (failure == null) {
                recorder.marked(id, now);
            } else {
                log.atWarn().addKeyValue("id", id).setCause(failure).log("Mark not written");
            }
        });
    }

    private void publish(PlannedRequest request) {
        long now = recorder.now();
        long notBefore = request.dueAfterMillis() == 0 ? 0 : now + request.dueAfterMillis();
        String topic = request.express() ? SluiceJar.TOPICS.express() : SluiceJar.TOPICS.requests();
        ProducerRecord<byte[], byte[]> record =
                RequestPublisher.request(topic, request.partition(), request.id(), request.body(), notBefore);
        if (!request.tenant().isEmpty()) {
            WireHeaders.set(record.headers(), WireHeaders.TENANT, request.tenant());
        }
        if (request.kind() == RequestKind.EXPIRED) {
            WireHeaders.set(record.headers(), WireHeaders.EXPIRES_AT, now - 1);
        }
        if (request.isCancelled()) {
            cancellations.add(new Cancellation(request.id(), now + request.cancelAfterMillis()));
            if (request.cancelAfterMillis() % 2 == 0) {
                WireHeaders.set(record.headers(), WireHeaders.ABORT, WireHeaders.TRUE);
            }
        }
        recorder.published(request, now, notBefore);
        publisher.publish(record, failure -> {
            if (failure == null) {
                recorder.acknowledged(request.id());
            } else {
                log.atWarn().addKeyValue("id", request.id()).setCause(failure).log("Request not published");
            }
        });
    }
}
