package dev.sluice;

import tools.jackson.databind.json.JsonMapper;

/** Holds the SDK's one JSON mapper. It is immutable, so it may be shared. It stays out of the public API. */
final class JsonMapping {
    static final JsonMapper MAPPER = JsonMapper.builder().build();

    private JsonMapping() {}

    /** Returns the text as a JSON string, quotes included. */
    static String quote(String text) {
        return MAPPER.writeValueAsString(text);
    }
}
