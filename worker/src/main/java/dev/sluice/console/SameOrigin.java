package dev.sluice.console;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Refuses what pages of other servers send with the rights of whoever has opened them. Stateless. */
final class SameOrigin {
    private SameOrigin() {}

    /** Returns why a request is refused, in a sentence; empty if it is not. */
    static Optional<String> refusal(HttpServerRequest request) {
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        boolean isOwn = origin != null && origin.endsWith("://" + request.getHeader(HttpHeaders.HOST));
        boolean isForeign = origin != null && !isOwn;
        boolean isCrossSite = "cross-site".equals(request.getHeader("sec-fetch-site")) && !isNavigation(request);
        if (isForeign || isCrossSite) {
            return Optional.of("requests of other pages are refused");
        }
        // A form of another page cannot have this type, and some browsers do not name its origin.
        boolean isPost = request.method().equals(HttpMethod.POST);
        if (isPost && !(isOwn && isJson(request.getHeader(HttpHeaders.CONTENT_TYPE)))) {
            return Optional.of("a POST must have this page's origin, and the content type application/json");
        }
        return Optional.empty();
    }

    /** A link from another page opens the console, which is no harm: that page cannot read it. */
    private static boolean isNavigation(HttpServerRequest request) {
        return request.method().equals(HttpMethod.GET) && "navigate".equals(request.getHeader("sec-fetch-mode"));
    }

    private static boolean isJson(@Nullable String contentType) {
        return contentType != null
                && contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json");
    }
}
