package dev.sluice.trials.bench;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The calls of a program that someone writes for the task without Sluice. It bounds the calls at once, and the first
 * failure ends the program. The client has an executor of its own, because it is slower without one.
 */
final class FloorCalls {
    private static final int OK = 200;
    private static final int FAILED = 1;

    private final URI endpoint;
    private final String replies;
    private final int inFlight;
    private final Semaphore free;
    private final Consumer<ProducerRecord<byte[], byte[]>> write;
    private final String key = System.getenv().getOrDefault("TOGETHER_API_KEY", "1");
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(Executors.newFixedThreadPool(
                    Math.max(2, Runtime.getRuntime().availableProcessors())))
            .build();

    /** @param write receives the replies on threads of the client */
    FloorCalls(String baseUrl, Topics topics, int inFlight, Consumer<ProducerRecord<byte[], byte[]>> write) {
        this.endpoint = URI.create(baseUrl + "/chat/completions");
        this.replies = topics.replies();
        this.inFlight = inFlight;
        this.free = new Semaphore(inFlight);
        this.write = write;
    }

    /** Starts a call, as soon as one more is allowed. */
    void call(ConsumerRecord<byte[], byte[]> request) throws InterruptedException {
        free.acquire();
        HttpRequest http = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + key)
                // the API's edge rejects the library's own agent
                .header("User-Agent", "floor")
                .POST(BodyPublishers.ofByteArray(request.value()))
                .build();
        var unused = client.sendAsync(http, BodyHandlers.ofByteArray())
                .thenAccept(answer -> {
                    write.accept(reply(request, answer));
                    free.release();
                })
                .exceptionally(failure -> {
                    end("a request was not answered: " + failure);
                    return null;
                });
    }

    /** Waits until every reply is handed over. */
    void awaitAll() throws InterruptedException {
        free.acquire(inFlight);
        free.release(inFlight);
    }

    private ProducerRecord<byte[], byte[]> reply(ConsumerRecord<byte[], byte[]> request, HttpResponse<byte[]> answer) {
        if (answer.statusCode() != OK) {
            throw new IllegalStateException("a call was answered with " + answer.statusCode());
        }
        ProducerRecord<byte[], byte[]> reply =
                new ProducerRecord<>(replies, request.partition(), request.key(), answer.body());
        // the uncounted requests behind the measured ones have no id
        Optional.ofNullable(request.headers().lastHeader(WireHeaders.ID)).ifPresent(reply.headers()::add);
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
        return reply;
    }

    /** Ends the program with an error. */
    static void end(String what) {
        System.err.println("floor: " + what);
        Runtime.getRuntime().halt(FAILED);
    }
}
