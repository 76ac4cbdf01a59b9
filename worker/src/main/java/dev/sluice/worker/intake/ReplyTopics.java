package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The topics that a request may name for its reply. These are the queue's own topics of replies and the topics on
 * the allow-list. Immutable.
 *
 * @param allowed patterns that match whole names
 */
public record ReplyTopics(Topics topics, List<Pattern> allowed) {
    /** Returns why the request may not have its reply in the topic it names, or empty if it may. */
    public Optional<String> problem(InputRecord record) {
        return record.header(WireHeaders.REPLY_TOPIC)
                .filter(topic -> !isAllowed(topic))
                .map(topic -> "reply topic '" + WireHeaders.abbreviated(topic)
                        + "' is not allowed; allow it with --reply-topics on the workers");
    }

    private boolean isAllowed(String topic) {
        // no pattern allows another topic of the queue, where a reply would be read as a request
        return topic.equals(topics.replies())
                || topic.equals(topics.doorReplies())
                || topic.equals(topics.batchReplies())
                || (!topics.all().contains(topic)
                        && allowed.stream()
                                .anyMatch(pattern -> pattern.matcher(topic).matches()));
    }
}
