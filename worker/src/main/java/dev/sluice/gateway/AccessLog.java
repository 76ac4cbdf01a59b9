package dev.sluice.gateway;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a line for each request that has ended: never a body, a key, a header or a query. */
final class AccessLog {
    private static final Set<HttpMethod> METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    private AccessLog() {}

    static void write(ClientExchange exchange, String route, int status, String outcome) {
        HttpServerRequest request = exchange.request();
        LOG.atInfo()
                .addKeyValue("id", exchange.id())
                // any other word is the client's own
                .addKeyValue("method", METHODS.contains(request.method()) ? request.method() : "other")
                .addKeyValue("route", route)
                .addKeyValue("status", status)
                .addKeyValue("outcome", outcome)
                .addKeyValue("ms", exchange.tookMillis())
                .addKeyValue("bytesIn", request.bytesRead())
                .addKeyValue("bytesOut", request.response().bytesWritten())
                .log("Request ended");
    }
}
