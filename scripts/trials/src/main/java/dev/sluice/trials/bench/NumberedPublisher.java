package dev.sluice.trials.bench;

import dev.sluice.trials.RequestPublisher;
import dev.sluice.trials.SluiceJar;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.WireHeaders;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** Publishes requests with numbers and spreads them over the partitions. Thread-safe. */
final class NumberedPublisher implements AutoCloseable {
    private static final String TRACE = "00-%032x-%016x-01";

    private final RequestPublisher publisher;
    private final int partitions;
    private final RequestTimes times;
    private final AtomicReference<@Nullable Exception> firstFailure = new AtomicReference<>();
    private volatile boolean traced;

    NumberedPublisher(String bootstrapServers, int partitions, RequestTimes times) {
        this.publisher = new RequestPublisher(bootstrapServers);
        this.partitions = partitions;
        this.times = times;
    }

    /** Adds a {@code traceparent} to each request from now on. */
    void trace() {
        traced = true;
    }

    /**
     * Publishes a small request and returns its number.
     *
     * @param due epoch milliseconds before which it must not be called; 0 if it may be called at once
     */
    int publish(long due) {
        int number = times.publish(System.currentTimeMillis(), due);
        send(number, number % partitions, due, RequestBodies.small(number));
        return number;
    }

    /** Publishes a request with the body that is made for its number, and returns the number. */
    int publish(IntFunction<String> body) {
        int number = times.publish(System.currentTimeMillis(), 0);
        send(number, number % partitions, 0, body.apply(number));
        return number;
    }

    /** Publishes a request to the express topic and returns its number. */
    int publishExpress(IntFunction<String> body) {
        int number = times.publish(System.currentTimeMillis(), 0);
        String topic = SluiceJar.TOPICS.express();
        String id = RequestTimes.id(number);
        send(RequestPublisher.request(topic, number % partitions, id, body.apply(number), 0));
        return number;
    }

    /** Publishes a request of a tenant to a partition, modulo how many there are, and returns its number. */
    int publish(int partition, String tenant, IntFunction<String> body) {
        int number = times.publish(System.currentTimeMillis(), 0);
        ProducerRecord<byte[], byte[]> request =
                RequestPublisher.request(partition % partitions, RequestTimes.id(number), body.apply(number), 0);
        WireHeaders.set(request.headers(), WireHeaders.TENANT, tenant);
        send(request);
        return number;
    }

    /** Publishes a small request to this partition. */
    void publishTo(int partition) {
        int number = times.publish(System.currentTimeMillis(), 0);
        send(number, partition, 0, RequestBodies.small(number));
    }

    /** Publishes that many requests, waits until Kafka has all of them, and returns them. */
    RequestGroup publishBacklog(int count, IntFunction<String> body) {
        int[] numbers = IntStream.range(0, count).map(place -> publish(body)).toArray();
        confirm();
        return new RequestGroup(times, IntStream.of(numbers));
    }

    /** Publishes that many requests to the express topic, waits until Kafka has all of them, and returns them. */
    RequestGroup publishExpressBacklog(int count, IntFunction<String> body) {
        int[] numbers =
                IntStream.range(0, count).map(place -> publishExpress(body)).toArray();
        confirm();
        return new RequestGroup(times, IntStream.of(numbers));
    }

    /** Publishes that many requests with this body and without numbers, and waits until Kafka has all of them. */
    void publishUncounted(int count, String body) {
        for (int i = 0; i < count; i++) {
            send(RequestPublisher.anonymous(i % partitions, body));
        }
        confirm();
    }

    /** Publishes that many marks, each of which cancels an id that no request has, and waits until Kafka has them. */
    void publishMarks(int count) {
        for (int i = 0; i < count; i++) {
            send(CancelMark.ofId("nobody-" + i).record(SluiceJar.TOPICS));
        }
        confirm();
    }

    private void send(int number, int partition, long due, String body) {
        ProducerRecord<byte[], byte[]> request =
                RequestPublisher.request(partition, RequestTimes.id(number), body, due);
        if (traced) {
            WireHeaders.set(request.headers(), WireHeaders.TRACEPARENT, TRACE.formatted(number + 1, number + 1));
        }
        send(request);
    }

    private void send(ProducerRecord<byte[], byte[]> request) {
        publisher.publish(request, failure -> {
            if (failure != null) {
                times.notPublished();
                firstFailure.compareAndSet(null, failure);
            }
        });
    }

    void flush() {
        publisher.flush();
    }

    /**
     * Waits until Kafka has everything.
     *
     * @throws IllegalStateException if Kafka has rejected a request: a backlog with holes proves nothing
     */
    void confirm() {
        publisher.flush();
        Exception failure = firstFailure.get();
        if (failure != null) {
            throw new IllegalStateException("not all requests could be published: " + failure, failure);
        }
    }

    @Override
    public void close() {
        publisher.close();
    }
}
