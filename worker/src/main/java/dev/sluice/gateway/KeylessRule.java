package dev.sluice.gateway;

import dev.sluice.http.LoopbackNames;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Admits everybody who is no web page. Any page that is open in a browser of this machine can send requests to its
 * loopback addresses, and a host name that is bound anew can make them look like requests to its own server. So a
 * foreign origin is refused, a body must be declared as JSON, which makes a browser ask first, and on loopback the Host
 * must be a loopback name.
 */
final class KeylessRule implements CallerRule {
    private final boolean isLoopbackOnly;

    /** @param isLoopbackOnly true if the door listens on loopback, so that every honest Host is a loopback name */
    KeylessRule(boolean isLoopbackOnly) {
        this.isLoopbackOnly = isLoopbackOnly;
    }

    @Override
    public Verdict check(HttpServerRequest request) {
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin != null && !LoopbackNames.isLoopbackOrigin(origin)) {
            return refused("foreign_origin", "requests of web pages are refused without --keys-file");
        }
        String host = request.getHeader(HttpHeaders.HOST);
        if (isLoopbackOnly && !LoopbackNames.isLoopbackHost(host)) {
            return refused("foreign_host", "without --keys-file the host must be localhost or a loopback address");
        }
        String route = DoorRouter.route(request.path());
        boolean needsNoJson =
                route.equals("files") || (route.equals("batches") && BatchesRoute.isCancel(request.path()));
        // A page of another origin can send a form without asking first, but not without its origin.
        if (request.method().equals(HttpMethod.POST)
                && !needsNoJson
                && !isJson(request.getHeader(HttpHeaders.CONTENT_TYPE))) {
            return new Refused(ErrorBody.invalid(
                    415, "unsupported_media_type", null, "the content type must be application/json"));
        }
        return new Admitted(Caller.anybody());
    }

    private static Refused refused(String code, String message) {
        return new Refused(ErrorBody.invalid(403, code, null, message));
    }

    private static boolean isJson(@Nullable String contentType) {
        return contentType != null
                && contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json");
    }
}
