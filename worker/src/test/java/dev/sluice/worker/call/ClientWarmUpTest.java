package dev.sluice.worker.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sluice.worker.LogLines;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClientWarmUpTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(50);

    @Test
    void callsAServerOfItsOwn() {
        assertThatCode(() -> ClientWarmUp.run(HttpClient.newHttpClient(), LONG)).doesNotThrowAnyException();
    }

    /** The client's own timeout does not cover a body that never ends. */
    @Test
    void endsAtItsDeadlineEvenIfNoCallEnds() {
        FakeClient client = new FakeClient(CompletableFuture::new);

        assertThat(start(client, Runnable::run, Duration.ofSeconds(1))).succeedsWithin(LONG);

        assertThat(client.sent).isNotEmpty().allMatch(CompletableFuture::isCancelled);
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

    private static CompletableFuture<Void> start(HttpClient client, Executor executor, Duration atMost) {
        return ClientWarmUp.start(client, executor, atMost);
    }

    /** A client that answers every call with the next future of a supplier. */
    private static final class FakeClient extends HttpClient {
        private final Supplier<CompletableFuture<?>> answers;
        private final LinkedBlockingQueue<CompletableFuture<?>> sent = new LinkedBlockingQueue<>();

        FakeClient(Supplier<CompletableFuture<?>> answers) {
            this.answers = answers;
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T> CompletableFuture<HttpResponse<T>> sendAsync(
                HttpRequest request, HttpResponse.BodyHandler<T> handler) {
            CompletableFuture<?> answer = answers.get();
            sent.add(answer);
            return (CompletableFuture<HttpResponse<T>>) answer;
        }

        @Override
        public <T> CompletableFuture<HttpResponse<T>> sendAsync(
                HttpRequest request, HttpResponse.BodyHandler<T> handler, HttpResponse.PushPromiseHandler<T> pushes) {
            return sendAsync(request, handler);
        }

        @Override
        public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<CookieHandler> cookieHandler() {
            return Optional.empty();
        }

        @Override
        public Optional<Duration> connectTimeout() {
            return Optional.empty();
        }

        @Override
        public Redirect followRedirects() {
            return Redirect.NEVER;
        }

        @Override
        public Optional<ProxySelector> proxy() {
            return Optional.empty();
        }

        @Override
        public SSLContext sslContext() {
            throw new UnsupportedOperationException();
        }

        @Override
        public SSLParameters sslParameters() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Authenticator> authenticator() {
            return Optional.empty();
        }

        @Override
        public Version version() {
            return Version.HTTP_1_1;
        }

        @Override
        public Optional<Executor> executor() {
            return Optional.empty();
        }
    }
}
