package dev.sluice.worker.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sluice.worker.LogLines;
import io.vertx.core.Vertx;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClientWarmUpTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(50);

    @Test
    void callsAServerOfItsOwn() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            ApiConnections connections = new ApiConnections(
                    vertx, ApiClient.Target.of(URI.create("http://127.0.0.1:1/v1")), 100, ApiConnections.IDLE);

            assertThatCode(() -> ClientWarmUp.run(connections::post, LONG)).doesNotThrowAnyException();
        } finally {
            vertx.close().await(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void endsAtItsDeadlineEvenIfNoCallEnds() {
        FakeClient client = new FakeClient(CompletableFuture::new);

        assertThat(start(client, Runnable::run, Duration.ofSeconds(1))).succeedsWithin(LONG);

        assertThat(client.sent).isNotEmpty();
    }

    @Test
    void anErrorEndsIt() {
        FakeClient client = new FakeClient(() -> {
            throw new NoClassDefFoundError("sun/net/Something");
        });

        assertThat(start(client, Runnable::run, LONG)).succeedsWithin(LONG);
    }

    @Test
    void anErrorIsNotLoggedToTheUser() {
        try (LogLines lines = new LogLines(ClientWarmUp.class)) {
            FakeClient client = new FakeClient(() -> {
                throw new NoClassDefFoundError("com/sun/net/httpserver/HttpServer");
            });

            assertThat(start(client, Runnable::run, SHORT)).succeedsWithin(LONG);

            assertThat(lines.all()).isEmpty();
        }
    }

    @Test
    void theWorkerStartsEvenIfNoThreadCanBeStarted() {
        Executor exhausted = task -> {
            throw new OutOfMemoryError("unable to create native thread");
        };

        assertThat(start(new FakeClient(CompletableFuture::new), exhausted, SHORT))
                .succeedsWithin(LONG);
    }

    @Test
    void theWaitIsBoundedEvenIfTheTaskNeverRuns() {
        assertThat(start(new FakeClient(CompletableFuture::new), task -> {}, SHORT))
                .succeedsWithin(LONG);
    }

    private static CompletableFuture<Void> start(ClientWarmUp.ServerCall client, Executor executor, Duration atMost) {
        return ClientWarmUp.start(client, executor, atMost);
    }

    /** A client that answers every call with the next future of a supplier. */
    private static final class FakeClient implements ClientWarmUp.ServerCall {
        private final Supplier<CompletableFuture<Void>> answers;
        private final LinkedBlockingQueue<CompletableFuture<Void>> sent = new LinkedBlockingQueue<>();

        FakeClient(Supplier<CompletableFuture<Void>> answers) {
            this.answers = answers;
        }

        @Override
        public CompletableFuture<Void> post(InetSocketAddress server, byte[] body) {
            CompletableFuture<Void> answer = answers.get();
            sent.add(answer);
            return answer;
        }
    }
}
