package dev.sluice.gateway;

import io.vertx.core.http.HttpServerRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a line for each request that has ended: never a body, a key, a header or a query. */
final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    private AccessLog() {}

    static void write(ClientExchange exchange, String route, int status, String outcome) {
        HttpServerRequest request = exchange.request();
        LOG.atInfo()
                .addKeyValue("id", exchange.id())
                .addKeyValue("method", request.method())
                .addKeyValue("route", route)
                .addKeyValue("status", status)
                .addKeyValue("outcome", outcome)
                .addKeyValue("ms", exchange.tookMillis())
                .addKeyValue("bytesIn", request.bytesRead())
                .addKeyValue("bytesOut", request.response().bytesWritten())
                .log("Request ended");
    }
}
