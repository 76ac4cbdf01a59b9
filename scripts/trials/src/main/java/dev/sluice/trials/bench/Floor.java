package dev.sluice.trials.bench;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The least that one can write for the task, and the yardstick: consume, call, produce, with bounded calls at once. It
 * promises nothing: offsets are committed by the clock, whatever has become of the calls, and a call that fails ends it.
 * Kafka's clients are as they are by default; the HTTP client has an executor of its own, without which it is slower.
 */
final class Floor {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int OK = 200;
    private static final int FAILED = 1;

    private final URI endpoint;
    private final Topics topics;
    private final Semaphore free;
    private final HttpClient client;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;

    private Floor(String bootstrapServers, String baseUrl, Topics topics, int inFlight) {
        this.endpoint = URI.create(baseUrl + "/chat/completions");
        this.topics = topics;
        this.free = new Semaphore(inFlight);
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(Executors.newFixedThreadPool(
                        Math.max(2, Runtime.getRuntime().availableProcessors())))
                .build();
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.GROUP_ID_CONFIG,
                        "floor",
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        this.producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** Runs until it is killed; arguments: bootstrap servers, base URL, base topic, calls at once. */
    public static void main(String[] args) throws InterruptedException {
        new Floor(args[0], args[1], new Topics(args[2]), Integer.parseInt(args[3])).run();
    }

    private void run() throws InterruptedException {
        consumer.subscribe(List.of(topics.requests()));
        while (true) {
            for (ConsumerRecord<byte[], byte[]> request : consumer.poll(POLL)) {
                free.acquire();
                call(request);
            }
        }
    }

    private void call(ConsumerRecord<byte[], byte[]> request) {
        HttpRequest http = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer 1")
                // the edge refuses the library's own
                .header("User-Agent", "floor")
                .POST(BodyPublishers.ofByteArray(request.value()))
                .build();
        var unused = client.sendAsync(http, BodyHandlers.ofByteArray()).whenComplete((answer, failure) -> {
            free.release();
            if (failure != null) {
                end("a call has failed: " + failure);
            } else if (answer.statusCode() != OK) {
                end("a call was answered with " + answer.statusCode());
            } else {
                reply(request, answer);
            }
        });
    }

    private void reply(ConsumerRecord<byte[], byte[]> request, HttpResponse<byte[]> answer) {
        ProducerRecord<byte[], byte[]> reply =
                new ProducerRecord<>(topics.replies(), request.partition(), request.key(), answer.body());
        reply.headers().add(request.headers().lastHeader(WireHeaders.ID));
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
        var unused = producer.send(reply, (sent, failure) -> {
            if (failure != null) {
                end("a reply was not written: " + failure);
            }
        });
    }

    private static void end(String what) {
        System.err.println("floor: " + what);
        Runtime.getRuntime().halt(FAILED);
    }
}
