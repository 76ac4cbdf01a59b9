package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerResponse;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shows what the door relies on: that the server notices at once that a client has gone, and that it drains. */
@Timeout(30)
class VertxServerTest {
    private final Vertx vertx = Vertx.vertx();
    private final BlockingQueue<HttpServerResponse> waiting = new LinkedBlockingQueue<>();
    private final AtomicInteger gone = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void start() {
        server = vertx.createHttpServer(new HttpServerOptions().setHost("localhost"))
                .requestHandler(request -> {
                    request.response().closeHandler(closed -> gone.incrementAndGet());
                    request.endHandler(end -> waiting.add(request.response()));
                });
        join(server.listen(0));
    }

    @AfterEach
    void stop() {
        join(vertx.close());
    }

    @Test
    void noticesAtOnceThatAWaitingClientHasGone() throws Exception {
        try (RawConnection client = new RawConnection(server.actualPort())) {
            client.post("", "{}");
            assertThat(waiting.poll(5, TimeUnit.SECONDS)).isNotNull();
            assertThat(gone).hasValue(0);
        }

        await().atMost(Duration.ofSeconds(1)).until(() -> gone.get() == 1);
    }

    @Test
    void letsAnOpenRequestEndWhileItTakesNoOther() throws Exception {
        try (RawConnection client = new RawConnection(server.actualPort())) {
            client.post("", "{}");
            HttpServerResponse response = waiting.poll(5, TimeUnit.SECONDS);
            int port = server.actualPort();

            Future<Void> drained = server.shutdown(Duration.ofSeconds(20));
            await().until(() -> isRefused(port));
            assertThat(drained.isComplete()).isFalse();
            response.end("done");

            assertThat(client.head()).startsWith("http/1.1 200");
            assertThat(client.bytes(4)).isEqualTo("done");
            await().atMost(Duration.ofSeconds(5)).until(drained::isComplete);
        }
    }

    private static boolean isRefused(int port) throws Exception {
        try (RawConnection other = new RawConnection(port)) {
            return false;
        } catch (ConnectException e) {
            return true;
        }
    }

    private static <T> T join(Future<T> future) {
        return future.toCompletionStage().toCompletableFuture().join();
    }
}
