package dev.sluice.gateway;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Admits whoever sends a key of the door. The tenant is the key's, whatever the client says. */
final class KeyRule implements CallerRule {
    private static final String BEARER = "bearer ";

    private final Supplier<DoorKeys> keys;

    /** @param keys returns the keys that are valid now */
    KeyRule(Supplier<DoorKeys> keys) {
        this.keys = keys;
    }

    @Override
    public Verdict check(HttpServerRequest request) {
        String key = bearer(request.getHeader(HttpHeaders.AUTHORIZATION));
        if (key == null) {
            return refused("no API key was sent; send a key of this gateway as 'Authorization: Bearer …'");
        }
        return keys.get()
                .caller(key)
                .<Verdict>map(Admitted::new)
                .orElseGet(() -> refused("this API key is not known to this gateway"));
    }

    private static @Nullable String bearer(@Nullable String authorization) {
        return authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)
                ? authorization.substring(BEARER.length()).strip()
                : null;
    }

    private static Refused refused(String message) {
        return new Refused(ErrorBody.invalid(401, "invalid_api_key", null, message));
    }
}
