package dev.sluice.examples.spring;

import dev.sluice.ChatReply;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/**
 * Stores the answers to orders by request id. The example keeps them in memory; a real service would use a table. The
 * class is thread-safe.
 */
@Component
class Answers {
    private final Map<String, String> byId = new ConcurrentHashMap<>();

    /**
     * Stores an answer. A reply may come twice, and storing it again changes nothing. After an exception from here the
     * reply comes again.
     */
    void keep(ChatReply reply) {
        String failure = "failed: " + reply.reason().orElse("unknown");
        byId.put(reply.id(), reply.ok() ? reply.text() : failure);
    }

    Optional<String> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }
}
