package dev.sluice;

import tools.jackson.databind.json.JsonMapper;

/** The SDK's one JSON mapper. Immutable, so it may be shared; stays out of the public API. */
final class JsonMapping {
    static final JsonMapper MAPPER = JsonMapper.builder().build();

    private JsonMapping() {}

    /** The text as a JSON string, quotes included. */
    static String quote(String text) {
        return MAPPER.writeValueAsString(text);
    }
}
