package dev.sluice;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.util.RawValue;

/** Writes a checked body as JSON. Raw values are written unchanged. The class is stateless. */
final class BodyWriter {
    private BodyWriter() {}

    static byte[] write(Map<String, Object> fields, List<ChatMessage> messages, Map<String, String> raw) {
        Map<String, Object> body = new LinkedHashMap<>(fields);
        List<Map<String, Object>> list = new ArrayList<>();
        messages.forEach(message -> list.add(fields(message)));
        body.put("messages", list);
        raw.forEach((name, json) -> body.put(name, new RawValue(json)));
        return JsonMapping.MAPPER.writeValueAsBytes(body);
    }

    private static Map<String, Object> fields(ChatMessage message) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        if (message.text() != null) {
            fields.put("content", message.text());
        }
        message.json().forEach((name, json) -> fields.put(name, new RawValue(json)));
        return fields;
    }
}
