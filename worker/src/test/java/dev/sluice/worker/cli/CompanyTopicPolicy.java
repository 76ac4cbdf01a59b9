package dev.sluice.worker.cli;

import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.server.policy.CreateTopicPolicy;

/**
 * The rules of a company for the topics that its broker creates: a name begins with the word of a team, and a team that
 * is called strict has no compacted topic and no segment that is shorter than ten minutes.
 */
public final class CompanyTopicPolicy implements CreateTopicPolicy {
    /** The broker makes one with this constructor. */
    public CompanyTopicPolicy() {}

    @Override
    public void validate(RequestMetadata request) {
        String topic = request.topic();
        if (topic.startsWith("__")) {
            return;
        }
        if (topic.startsWith("chat.")) {
            throw new PolicyViolationException("the name of topic " + topic + " begins with no team");
        }
        if (topic.startsWith("strict.")) {
            Map<String, String> configs = request.configs();
            if (configs.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, "").contains("compact")) {
                throw new PolicyViolationException("compaction is not allowed");
            }
            if (Long.parseLong(configs.getOrDefault(TopicConfig.SEGMENT_MS_CONFIG, "600000")) < 600_000) {
                throw new PolicyViolationException("segment.ms is less than 600000");
            }
        }
    }

    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void close() {}
}
