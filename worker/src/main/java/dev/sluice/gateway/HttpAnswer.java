package dev.sluice.gateway;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A whole HTTP answer that is not sent yet. Immutable, but for the body, which nobody may change.
 *
 * @param headers the headers beside those that every answer has
 * @param outcome one word for metrics and the access log
 */
@SuppressWarnings("ArrayRecordComponent")
record HttpAnswer(int status, String contentType, Map<String, String> headers, byte[] body, String outcome) {
    static final String JSON = "application/json";
    static final String EVENTS = "text/event-stream";

    HttpAnswer {
        headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    }

    boolean isOk() {
        return status == 200;
    }

    /** Returns this answer with one more header. */
    HttpAnswer with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new HttpAnswer(status, contentType, more, body, outcome);
    }
}
