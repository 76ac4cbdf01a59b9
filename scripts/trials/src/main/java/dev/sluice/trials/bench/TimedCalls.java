package dev.sluice.trials.bench;

import dev.sluice.trials.PolledCondition;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Chat calls over HTTP, to the API or to a door, and how long each has taken: to the end of its answer, or of a stream
 * to the first text. Thread-safe.
 */
final class TimedCalls {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int OK = 200;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpRequest request;
    private final boolean isStream;
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final ConcurrentLinkedQueue<Long> micros = new ConcurrentLinkedQueue<>();
    private volatile boolean counts;

    /** @param apiKey the key that every call sends */
    TimedCalls(String baseUrl, String apiKey) {
        this(baseUrl, apiKey, false);
    }

    /** @param isStream true for answers that come as they are made */
    TimedCalls(String baseUrl, String apiKey, boolean isStream) {
        this.isStream = isStream;
        String body = RequestBodies.anonymous();
        this.request = HttpRequest.newBuilder(URI.create(baseUrl + "/chat/completions"))
                .header("Authorization", "Bearer " + apiKey)
                .header("Content-Type", "application/json")
                .header("User-Agent", "sluice-bench")
                .timeout(PATIENCE)
                .POST(BodyPublishers.ofString(isStream ? "{\"stream\":true," + body.substring(1) : body))
                .build();
    }

    /** Sends a call and returns at once. */
    void send() {
        boolean isCounted = counts;
        long begun = System.nanoTime();
        sent.incrementAndGet();
        if (isStream) {
            FirstText text = new FirstText();
            CompletableFuture<Void> unused = client.sendAsync(request, BodyHandlers.ofByteArrayConsumer(text))
                    .handle((answer, failure) -> {
                        end(isOk(answer) && text.isWhole(), isCounted, text.cameAt() - begun);
                        return null;
                    });
        } else {
            CompletableFuture<Void> unused = client.sendAsync(request, BodyHandlers.ofByteArray())
                    .handle((answer, failure) -> {
                        end(isOk(answer), isCounted, System.nanoTime() - begun);
                        return null;
                    });
        }
    }

    private static boolean isOk(@Nullable HttpResponse<?> answer) {
        return answer != null && answer.statusCode() == OK;
    }

    private void end(boolean isAnswered, boolean isCounted, long nanos) {
        if (!isAnswered) {
            failed.incrementAndGet();
        } else if (isCounted) {
            micros.add(TimeUnit.NANOSECONDS.toMicros(nanos));
        }
        ended.incrementAndGet();
    }

    /** Counts the calls that are sent from now on. */
    void count() {
        counts = true;
    }

    /** Returns how many calls had no answer, or one that is no completion. */
    int failed() {
        return failed.get();
    }

    /** Waits until every call has ended, and returns the times of those that count, in microseconds. */
    Percentiles times() throws InterruptedException {
        PolledCondition.await("the end of every call", PATIENCE.multipliedBy(2), () -> ended.get() == sent.get());
        return Percentiles.of(micros.stream().mapToLong(Long::longValue));
    }
}
