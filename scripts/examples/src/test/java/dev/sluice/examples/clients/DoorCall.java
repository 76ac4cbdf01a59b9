package dev.sluice.examples.clients;

import java.time.Duration;

/**
 * A call that a client makes.
 *
 * @param name the name of the call
 * @param model the model that it asks for
 * @param baseUrl the address that the client is told
 * @param key the key that it sends
 * @param timeout its time-out
 * @param retries how often it tries again by itself
 * @param text the text of the only message
 * @param isStream true to ask for a stream
 * @param hasTool true to offer the function {@value #TOOL}
 */
record DoorCall(
        String name,
        String model,
        String baseUrl,
        String key,
        Duration timeout,
        int retries,
        String text,
        boolean isStream,
        boolean hasTool) {
    static final String TOOL = "weather";

    /** Returns a call with the defaults of most: a minute, two tries more, and a whole answer. */
    static DoorCall of(String name, String model, String baseUrl, String key, String text) {
        return new DoorCall(name, model, baseUrl, key, Duration.ofMinutes(1), 2, text, false, false);
    }

    DoorCall at(String otherUrl) {
        return new DoorCall(name, model, otherUrl, key, timeout, retries, text, isStream, hasTool);
    }

    DoorCall with(String otherKey) {
        return new DoorCall(name, model, baseUrl, otherKey, timeout, retries, text, isStream, hasTool);
    }

    DoorCall within(Duration otherTimeout) {
        return new DoorCall(name, model, baseUrl, key, otherTimeout, retries, text, isStream, hasTool);
    }

    DoorCall retried(int otherRetries) {
        return new DoorCall(name, model, baseUrl, key, timeout, otherRetries, text, isStream, hasTool);
    }

    DoorCall streamed() {
        return new DoorCall(name, model, baseUrl, key, timeout, retries, text, true, hasTool);
    }

    DoorCall withTool() {
        return new DoorCall(name, model, baseUrl, key, timeout, retries, text, isStream, true);
    }
}
