package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.DoorTry.TryEnd;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client that repeats one request until it is answered, as OpenAI's clients do, but without giving up. After a lost
 * connection it goes to the next door, as behind a balancer. Nothing here blocks.
 */
final class RetryingClient {
    /** The time after which a client gives up a try. Its door knows it from a header and ends the try before. */
    static final Duration TIMEOUT = Duration.ofMinutes(3);

    private static final long LEAVE_MILLIS = 1_500;
    private static final long PAUSE_MILLIS = 500;
    private static final int OK = 200;

    private final HttpClient http;
    private final ScheduledExecutorService timer;
    private final List<DoorSlot> doors;
    private final String id;
    private final DoorPlan.ClientKind kind;
    private final List<DoorTry> tries = new ArrayList<>();
    private final CompletableFuture<Void> answered = new CompletableFuture<>();
    private int door;

    /** @param door the place of the door that it tries first */
    RetryingClient(
            HttpClient http,
            ScheduledExecutorService timer,
            List<DoorSlot> doors,
            String id,
            int door,
            DoorPlan.ClientKind kind) {
        this.http = http;
        this.timer = timer;
        this.doors = doors;
        this.id = id;
        this.door = door;
        this.kind = kind;
    }

    String id() {
        return id;
    }

    /** Sends the request. The future ends with an answer that is final, good or not. */
    CompletableFuture<Void> begin() {
        send();
        return answered;
    }

    /** Returns the tries that have ended. */
    synchronized List<DoorTry> tries() {
        return List.copyOf(tries);
    }

    private synchronized void send() {
        DoorSlot slot = doors.get(door);
        String name = slot.name();
        long begun = System.currentTimeMillis();
        boolean leaves = kind == DoorPlan.ClientKind.LEAVES_ONCE && tries.isEmpty();
        CompletableFuture<HttpResponse<String>> answer = http.sendAsync(request(slot), BodyHandlers.ofString());
        ScheduledFuture<?> late = timer.schedule(
                () -> answer.cancel(true), leaves ? LEAVE_MILLIS : TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        CompletableFuture<Void> handled = answer.handle((response, failure) -> {
            late.cancel(false);
            ended(name, begun, leaves, response, failure);
            return null;
        });
        // a defect of this class must not look like a client that waits
        CompletableFuture<Void> unused = handled.exceptionally(defect -> {
            answered.completeExceptionally(defect);
            return null;
        });
    }

    private HttpRequest request(DoorSlot slot) {
        boolean streams = kind == DoorPlan.ClientKind.STREAMS;
        String body = "{\"model\":\"" + DoorRig.LIMITED + "\",\"stream\":" + streams
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"" + (streams ? StreamedEcho.question(id) : id)
                + "\"}]}";
        return HttpRequest.newBuilder(URI.create(slot.baseUrl() + "/chat/completions"))
                .header("Content-Type", "application/json")
                .header("X-Stainless-Timeout", Long.toString(TIMEOUT.toSeconds()))
                .header("X-Stainless-Retry-Count", Integer.toString(tries.size()))
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    private void ended(
            String name,
            long begun,
            boolean leaves,
            @Nullable HttpResponse<String> response,
            @Nullable Throwable failure) {
        long now = System.currentTimeMillis();
        DoorTry made = response == null
                ? new DoorTry(name, begun, now, end(failure, leaves), 0, String.valueOf(failure))
                : new DoorTry(name, begun, now, end(response), response.statusCode(), response.body());
        boolean isFinal = response != null && made.end() == TryEnd.ANSWERED && isFinal(response);
        synchronized (this) {
            tries.add(made);
            if (made.end() == TryEnd.CUT || made.end() == TryEnd.NOT_CONNECTED) {
                door = (door + 1) % doors.size();
            }
        }
        if (isFinal) {
            answered.complete(null);
        } else {
            var unused = timer.schedule(this::send, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static TryEnd end(HttpResponse<String> response) {
        return StreamedEcho.endsWithAnError(response.body()) ? TryEnd.INTERRUPTED : TryEnd.ANSWERED;
    }

    private static TryEnd end(@Nullable Throwable failure, boolean leaves) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof CancellationException) {
            return leaves ? TryEnd.LEFT : TryEnd.TIMED_OUT;
        } else if (cause instanceof ConnectException) {
            return TryEnd.NOT_CONNECTED;
        } else if (cause instanceof IOException) {
            return TryEnd.CUT;
        }
        throw new IllegalStateException("a try ended in no known way", cause);
    }

    /** Tells whether OpenAI's clients would not try again. */
    private static boolean isFinal(HttpResponse<String> response) {
        int status = response.statusCode();
        return status == OK
                || response.headers().firstValue("x-should-retry").orElse("").equals("false")
                || (status < 500 && status != 408 && status != 409 && status != 429);
    }
}
