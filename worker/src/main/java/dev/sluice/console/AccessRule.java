package dev.sluice.console;

import dev.sluice.http.LoopbackNames;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/**
 * Refuses what pages of other servers send. The page is for a person at this machine, or at whatever lets requests
 * through to it. Whoever binds a host name anew makes their page look like one of this server, so the Host must be an
 * address or {@code localhost}. Immutable.
 */
final class AccessRule {
    private final boolean isLoopbackOnly;

    /** @param isLoopbackOnly true if the console listens on loopback, so that every honest Host is a loopback name */
    AccessRule(boolean isLoopbackOnly) {
        this.isLoopbackOnly = isLoopbackOnly;
    }

    /** Returns why a request is refused, in a sentence; empty if it is not. */
    Optional<String> refusal(HttpServerRequest request) {
        String host = request.getHeader(HttpHeaders.HOST);
        boolean isKnown = LoopbackNames.isLoopbackHost(host)
                || (!isLoopbackOnly && host != null && LoopbackNames.isAddress(host));
        if (!isKnown) {
            return Optional.of("open the console by an address or as localhost: any page could bind another name to"
                    + " this server");
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        boolean isForeign = origin != null && !origin.endsWith("://" + host);
        boolean isCrossSite = "cross-site".equals(request.getHeader("sec-fetch-site")) && !isNavigation(request);
        if (isForeign || isCrossSite) {
            return Optional.of("requests of other pages are refused");
        }
        return Optional.empty();
    }

    /** A link from another page opens the console, which is no harm: that page cannot read it. */
    private static boolean isNavigation(HttpServerRequest request) {
        return "navigate".equals(request.getHeader("sec-fetch-mode"));
    }
}
