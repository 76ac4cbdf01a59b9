package dev.sluice.sandbox;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A request as it came over the wire. It is immutable. */
public final class ReceivedRequest {
    private final Map<String, List<String>> headers;
    private final byte[] body;

    /** Keeps {@code body} without a copy. */
    ReceivedRequest(Map<String, List<String>> headers, byte[] body) {
        this.headers = Map.copyOf(headers);
        this.body = body;
    }

    /** Returns the headers by lower-case name. */
    public Map<String, List<String>> headers() {
        return headers;
    }

    /** Returns the first value of a header. The case of {@code name} does not matter. */
    public Optional<String> header(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream()
                .findFirst();
    }

    /** Returns a copy of the raw bytes. */
    public byte[] body() {
        return body.clone();
    }

    byte[] sharedBody() {
        return body;
    }
}
