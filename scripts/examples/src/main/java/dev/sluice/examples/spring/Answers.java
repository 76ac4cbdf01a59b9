package dev.sluice.examples.spring;

import dev.sluice.ChatReply;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** The answers that were ordered, by request id; in memory here, a table in a real service. Thread-safe. */
@Component
class Answers {
    private final Map<String, String> byId = new ConcurrentHashMap<>();

    /** A reply may come twice: keeping it again changes nothing. What is thrown here makes it come again. */
    void keep(ChatReply reply) {
        String failure = "failed: " + reply.reason().orElse("unknown");
        byId.put(reply.id(), reply.ok() ? reply.text() : failure);
    }

    Optional<String> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }
}
