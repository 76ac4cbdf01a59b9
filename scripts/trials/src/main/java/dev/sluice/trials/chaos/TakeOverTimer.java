package dev.sluice.trials.chaos;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Measures how long a batch has no new answer after its door was struck, as another door shows it. The first change may
 * be answers that the struck door has written before. So the second one counts, which comes a second later at most.
 */
final class TakeOverTimer {
    /** A time that is returned where no answer comes. */
    static final Duration LONGEST = Duration.ofMinutes(5);

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long POLL_MILLIS = 100;
    private static final int CHANGES = 2;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpRequest request;

    private TakeOverTimer(DoorSlot other, String batch) {
        this.request = HttpRequest.newBuilder(URI.create(other.baseUrl() + "/batches/" + batch))
                .timeout(PATIENCE)
                .build();
    }

    /**
     * Begins now, when the door that runs the batch does nothing any more.
     *
     * @return the time, or nothing if the batch had all its answers before
     */
    static CompletableFuture<Optional<Duration>> start(DoorSlot other, String batch) {
        TakeOverTimer timer = new TakeOverTimer(other, batch);
        long began = System.nanoTime();
        CompletableFuture<Optional<Duration>> taken = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        taken.complete(timer.await(began));
                    } catch (Throwable e) { // the thread's backstop: the run must learn of it
                        taken.completeExceptionally(e);
                    }
                },
                "take-over-timer");
        thread.setDaemon(true);
        thread.start();
        return taken;
    }

    private Optional<Duration> await(long began) throws InterruptedException {
        Optional<JsonNode> last = Optional.empty();
        int changes = 0;
        while (System.nanoTime() - began < LONGEST.toNanos()) {
            Optional<JsonNode> shown = shown();
            boolean isComplete = shown.filter(TakeOverTimer::hasAllAnswers).isPresent();
            if (isComplete && last.isEmpty()) {
                return Optional.empty();
            }
            if (shown.isPresent()) {
                changes += last.isPresent() && !last.equals(shown) ? 1 : 0;
                last = shown;
            }
            if (changes == CHANGES || isComplete) {
                return Optional.of(Duration.ofNanos(System.nanoTime() - began));
            }
            Thread.sleep(POLL_MILLIS);
        }
        return Optional.of(LONGEST);
    }

    /** Returns the counts of the batch, or nothing if the door cannot say now. */
    private Optional<JsonNode> shown() throws InterruptedException {
        try {
            HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
            return answer.statusCode() == 200
                    ? Optional.of(JsonMapper.shared().readTree(answer.body()).get("request_counts"))
                    : Optional.empty();
        } catch (IOException notNow) {
            return Optional.empty();
        }
    }

    private static boolean hasAllAnswers(JsonNode counts) {
        return counts.get("completed").asInt() + counts.get("failed").asInt()
                == counts.get("total").asInt();
    }
}
