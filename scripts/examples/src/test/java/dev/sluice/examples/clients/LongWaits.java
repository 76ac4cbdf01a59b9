package dev.sluice.examples.clients;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Requests that wait for longer than proxies do. They begin with the door, so that other tests run meanwhile. */
final class LongWaits implements AutoCloseable {
    /** This is longer than the minute that nginx waits for. */
    private static final int SECONDS = 70;

    private static final String SLOW = "[stand-in: latency=" + SECONDS + "s] ";
    static final String LATE_FAILURE = "[stand-in: status=422 latency=" + SECONDS + "s] ";

    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    /** The answers by way of nginx: a whole one, a stream, and a failure. Empty if it is not installed. */
    private final Optional<List<CompletableFuture<CurlProcess>>> throughNginx;
    /** The outcomes of LangChain4j, whose time-out is a minute until the head of an answer. */
    private final CompletableFuture<Map<String, String>> langChain;

    LongWaits(RunningDoor door) throws IOException {
        DoorCall call = DoorCall.of("wait", "waiting", door.baseUrl(), RunningDoor.BUSY_KEY, SLOW + "LangChain")
                .within(Duration.ofMinutes(1))
                .retried(0);
        this.langChain = CompletableFuture.supplyAsync(() -> run(call), thread);
        if (door.nginx().isPresent()) {
            NginxProcess nginx = door.nginx().get();
            this.throughNginx = Optional.of(List.of(
                    post(door, nginx, body(SLOW)),
                    post(door, nginx, body(SLOW).replace("{\"model", "{\"stream\":true,\"model")),
                    post(door, nginx, body(LATE_FAILURE))));
        } else {
            this.throughNginx = Optional.empty();
        }
    }

    private static Map<String, String> run(DoorCall call) {
        try {
            return new LangChain().run(List.of(call));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static CompletableFuture<CurlProcess> post(RunningDoor door, NginxProcess nginx, String body)
            throws IOException {
        return CurlProcess.post(door.queue().folder(), nginx.baseUrl(), RunningDoor.KEY, body);
    }

    /** Returns the body of a request for a whole answer. */
    static String body(String text) {
        return "{\"model\":\"curl\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    Optional<List<CompletableFuture<CurlProcess>>> throughNginx() {
        return throughNginx;
    }

    CompletableFuture<Map<String, String>> langChain() {
        return langChain;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
