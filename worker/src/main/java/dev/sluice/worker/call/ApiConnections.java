package dev.sluice.worker.call;

import dev.sluice.worker.provider.TogetherApi;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The connections to the API, or to the proxy in front of it. Owned by the event loop. */
final class ApiConnections {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    /** Less than any NAT forgets a connection after, and many servers close theirs after a minute. */
    static final Duration IDLE = Duration.ofSeconds(30);
    /** Edges send long cookies and policies. */
    private static final int MAX_HEADER_BYTES = 64 << 10;

    private static final int MAX_LINE_BYTES = 8 << 10;
    /** The form in which the client library tells how a proxy answered CONNECT. */
    private static final Pattern PROXY_STATUS = Pattern.compile("status: (\\d{3})");

    private final HttpClientAgent client;
    private final Optional<ApiProxy> proxy;
    private final HostAddresses addresses;
    private final RequestOptions chat;
    private final RequestOptions models;
    private final boolean isTls;
    private final int port;
    private final Set<HttpConnection> used = Collections.newSetFromMap(new WeakHashMap<>());
    /** The connections without a call, and the time of its end. */
    private final Map<HttpConnection, Long> idle = new HashMap<>();

    /** The paths of the API that are called. */
    enum Endpoint {
        CHAT,
        MODELS
    }

    /** A proxy that answered CONNECT, but did not connect. */
    static final class ProxyRejection extends IOException {
        private final int status;

        ProxyRejection(int status, ApiProxy proxy) {
            super(status + " from proxy " + proxy.address());
            this.status = status;
        }

        int status() {
            return status;
        }
    }

    /**
     * @param maxCalls the most calls at once, each of which needs a connection
     * @param atMost the time after which a connection without a call is closed, however long the server would keep it
     */
    ApiConnections(Vertx vertx, ApiClient.Target target, int maxCalls, Duration atMost) {
        URI url = TogetherApi.chatCompletions(target.baseUrl());
        this.isTls = "https".equalsIgnoreCase(url.getScheme());
        int apiPort = url.getPort() >= 0 ? url.getPort() : isTls ? 443 : 80;
        this.proxy = target.proxy();
        this.port = proxy.map(ApiProxy::port).orElse(apiPort);
        this.addresses = new HostAddresses(vertx, proxy.map(ApiProxy::host).orElse(unbracketed(url.getHost())));
        this.client = vertx.httpClientBuilder()
                .with(options(target))
                // A connection that is being made for a call that has been given up takes a place until it fails.
                .with(new PoolOptions().setHttp1MaxSize(2 * maxCalls).setMaxWaitQueueSize(-1))
                .build();
        this.chat = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setSsl(isTls)
                .setHost(url.getHost())
                .setPort(apiPort)
                .setURI(url.getRawPath())
                // The key would go with a redirect.
                .setFollowRedirects(false);
        this.models = new RequestOptions(chat)
                .setMethod(HttpMethod.GET)
                .setURI(TogetherApi.models(target.baseUrl()).getRawPath());
        // The client library keeps a connection for as long as the server says: an hour, or for ever.
        vertx.setPeriodic(1_000, unused -> closeIdle(atMost));
    }

    private void closeIdle(Duration atMost) {
        long now = System.nanoTime();
        idle.entrySet().removeIf(entry -> {
            boolean isOver = now - entry.getValue() >= atMost.toNanos();
            if (isOver) {
                var unused = entry.getKey().close();
            }
            return isOver;
        });
    }

    static HttpClientOptions options(ApiClient.Target target) {
        return new HttpClientOptions()
                .setTcpKeepAlive(true)
                .setKeepAliveTimeout((int) IDLE.toSeconds())
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setMaxInitialLineLength(MAX_LINE_BYTES)
                .setSslHandshakeTimeout(CONNECT_TIMEOUT.toSeconds())
                .setVerifyHost(true)
                .setTrustOptions(ApiTrust.options(target.authorities()))
                .setKeyCertOptions(ApiTrust.ownKey());
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** Returns true if an answer may be the proxy's own. Over TLS a proxy can only pass answers on. */
    boolean areAnswersTheProxys() {
        return proxy.isPresent() && !isTls;
    }

    /** Returns the failure for a status that is the proxy's own. */
    IOException rejectedByProxy(int status) {
        return new ProxyRejection(status, proxy.orElseThrow());
    }

    /**
     * Returns a request that is ready to be sent. The addresses of the host are tried in order.
     *
     * @param isNew true if no kept connection may be used; the connection has to be closed after the call then
     */
    Future<HttpClientRequest> open(Endpoint endpoint, boolean isNew) {
        RequestOptions asked = switch (endpoint) {
            case CHAT -> chat;
            case MODELS -> models;
        };
        return addresses.current().compose(found -> open(asked, found, 0, isNew));
    }

    private Future<HttpClientRequest> open(RequestOptions asked, List<InetAddress> found, int index, boolean isNew) {
        InetAddress address = found.get(index);
        RequestOptions options = options(asked, address, found.size());
        Future<HttpClientRequest> opened = isNew
                ? client.connect(options).compose(connection -> connection.request(options))
                : client.request(options);
        return opened.map(request -> {
                    addresses.reached(address);
                    return quiet(request);
                })
                .recover(failure -> {
                    addresses.missed(address);
                    return index + 1 < found.size()
                            ? open(asked, found, index + 1, isNew)
                            : Future.failedFuture(described(failure, address));
                });
    }

    private RequestOptions options(RequestOptions asked, InetAddress address, int addressCount) {
        long timeout = CONNECT_TIMEOUT.toMillis() / Math.min(4, addressCount);
        RequestOptions options = new RequestOptions(asked).setConnectTimeout(timeout);
        if (proxy.isEmpty()) {
            return options.setServer(SocketAddress.inetSocketAddress(port, literal(address)));
        }
        ApiProxy by = proxy.get();
        ProxyOptions way = new ProxyOptions()
                .setType(ProxyType.HTTP)
                .setHost(literal(address))
                .setPort(port)
                .setConnectTimeout(Duration.ofMillis(timeout));
        by.user().ifPresent(user -> way.setUsername(user).setPassword(by.password()));
        return options.setProxyOptions(way);
    }

    /** Returns an address as it stands in a URL. */
    private static String literal(InetAddress address) {
        return address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
    }

    private Throwable described(Throwable failure, InetAddress address) {
        Matcher status = PROXY_STATUS.matcher(String.valueOf(failure.getMessage()));
        if (proxy.isPresent() && status.find()) {
            return rejectedByProxy(Integer.parseInt(status.group(1)));
        }
        String at = literal(address) + ":" + port;
        return FailureWords.connecting(failure, proxy.isPresent() ? at + " (proxy)" : at);
    }

    /** Keeps the client library from logging failures that the call reports as well. */
    private static HttpClientRequest quiet(HttpClientRequest request) {
        request.exceptionHandler(failure -> {});
        request.connection().exceptionHandler(failure -> {});
        return request;
    }

    private static HttpClientResponse quiet(HttpClientResponse response) {
        return response.exceptionHandler(failure -> {});
    }

    /** Records that a call begins. Returns true from the second call on with the same connection. */
    boolean use(HttpConnection connection) {
        idle.remove(connection);
        return !used.add(connection);
    }

    /** Records that a call has ended, and that its connection can be used again. */
    void left(HttpConnection connection) {
        idle.put(connection, System.nanoTime());
    }

    /** Posts to a server of our own, as the warm-up does. */
    CompletableFuture<Void> post(InetSocketAddress server, byte[] body) {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setServer(SocketAddress.inetSocketAddress(server.getPort(), literal(server.getAddress())))
                .setHost("localhost")
                .setPort(server.getPort())
                .setSsl(false)
                .setURI("/");
        return client.request(options)
                .compose(request -> quiet(request).send(Buffer.buffer(body)))
                .compose(response -> quiet(response).end())
                .toCompletionStage()
                .toCompletableFuture();
    }
}
