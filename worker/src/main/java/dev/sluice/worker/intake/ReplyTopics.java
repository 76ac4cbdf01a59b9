package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which topics a request may name for its reply: the queue's own replies, and those on the allow-list. Never one of the
 * queue's other topics, whatever a pattern says: a reply there would be read as a request. Immutable.
 *
 * @param allowed patterns of whole names
 */
public record ReplyTopics(Topics topics, List<Pattern> allowed) {
    /** Why the request may not have its reply where it wants it; empty where it may. */
    public Optional<String> problem(InputRecord envelope) {
        return envelope.header(WireHeaders.REPLY_TOPIC)
                .filter(topic -> !isAllowed(topic))
                .map(topic -> "reply topic '" + WireHeaders.abbreviated(topic)
                        + "' is not allowed; allow it with --reply-topics on the workers");
    }

    private boolean isAllowed(String topic) {
        return topic.equals(topics.replies())
                || (!topics.all().contains(topic)
                        && allowed.stream()
                                .anyMatch(pattern -> pattern.matcher(topic).matches()));
    }
}
