package dev.sluice.sandbox;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A request as it came over the wire. Immutable. */
public final class ReceivedRequest {
    private final Map<String, List<String>> headers;
    private final byte[] body;

    /** Doesn't copy {@code body}. */
    ReceivedRequest(Map<String, List<String>> headers, byte[] body) {
        this.headers = Map.copyOf(headers);
        this.body = body;
    }

    /** By name in lower case. */
    public Map<String, List<String>> headers() {
        return headers;
    }

    /** The first value of a header; upper and lower case of {@code name} are the same. */
    public Optional<String> header(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream()
                .findFirst();
    }

    /** The raw bytes, a copy. */
    public byte[] body() {
        return body.clone();
    }

    byte[] sharedBody() {
        return body;
    }
}
