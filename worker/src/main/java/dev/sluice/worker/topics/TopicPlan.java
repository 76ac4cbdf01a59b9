package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one topic of a queue ought to look like, and what is wrong with one that looks otherwise. Immutable.
 *
 * @param name the topic
 * @param input whether workers read it; then it is as wide as the other inputs and stamped by the broker
 * @param retention how long records stay
 * @param maxMessageBytes the largest record (strictly, batch) it takes
 */
public record TopicPlan(String name, boolean input, Duration retention, int maxMessageBytes) {
    public static final int PARTITIONS = 12;
    /** A backlog may wait for a week; what waits longer is deleted by Kafka without having been read. */
    public static final Duration RETENTION = Duration.ofDays(7);
    /** Dead letters wait for people, who go on holiday. */
    public static final Duration DEAD_RETENTION = Duration.ofDays(30);

    /** Kafka's own default: 1 MiB and a batch's overhead. */
    private static final int REQUEST_BYTES = 1_048_588;
    /** Headers are added on the way, so that a record as large as its topic allows would not fit into an equal one. */
    private static final int HEADER_BYTES = 64 * 1024;
    /** Answers are larger than questions; more than this many managed brokers don't allow. */
    private static final int REPLY_BYTES = 8 * 1024 * 1024;

    private static final Duration SHORT_RETENTION = Duration.ofDays(1);

    static final String CLEANUP = "cleanup.policy";
    static final String RETENTION_MS = "retention.ms";
    static final String RETENTION_BYTES = "retention.bytes";
    static final String TIMESTAMPS = "message.timestamp.type";
    static final String MAX_BYTES = "max.message.bytes";

    /** The plan of every topic of a queue, in the order of {@link Topics#all()}. */
    public static List<TopicPlan> of(Topics topics, Duration retention, Duration deadRetention) {
        List<TopicPlan> plans = new ArrayList<>();
        for (String input : topics.inputs()) {
            int maxBytes = input.equals(topics.requests()) ? REQUEST_BYTES : REQUEST_BYTES + HEADER_BYTES;
            plans.add(new TopicPlan(input, true, retention, maxBytes));
        }
        plans.add(new TopicPlan(topics.dead(), false, deadRetention, REQUEST_BYTES + HEADER_BYTES));
        plans.add(new TopicPlan(topics.replies(), false, retention, REPLY_BYTES));
        return plans;
    }

    public static List<TopicPlan> of(Topics topics) {
        return of(topics, RETENTION, DEAD_RETENTION);
    }

    /** The settings to create it with; all explicit, so that a broker's defaults do not decide what is lost. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(CLEANUP, "delete");
        settings.put(RETENTION_MS, Long.toString(retention.toMillis()));
        settings.put(MAX_BYTES, Integer.toString(maxMessageBytes));
        if (input) {
            // delays count from when the broker got a record, and retention must not trust a producer's clock
            settings.put(TIMESTAMPS, "LogAppendTime");
        }
        return settings;
    }

    /** Where the settings of an existing topic are not what {@code topics create} would make them. */
    public List<TopicDifference> differences(TopicState actual) {
        List<TopicDifference> differences = new ArrayList<>();
        settings().forEach((setting, planned) -> {
            String found = actual.settings().get(setting);
            if (found != null && !found.equals(planned)) {
                String remedy = "to change it: " + alter(setting, planned);
                differences.add(new TopicDifference(name, setting, found, planned, remedy));
            }
        });
        return differences;
    }

    /** What a worker cannot work with; one sentence each, with the remedy. */
    List<String> refusals(TopicState actual) {
        String cleanup = actual.settings().getOrDefault(CLEANUP, "delete");
        if (cleanup.contains("compact")) {
            return List.of("topic " + name + " is compacted (" + CLEANUP + "=" + cleanup
                    + "), so Kafka would delete records of it that nobody has read: " + alter(CLEANUP, "delete"));
        }
        return List.of();
    }

    /** What a worker can work with but should not have to; one sentence each, with the remedy. */
    List<String> warnings(TopicState actual) {
        if (actual.settings().isEmpty()) {
            return List.of("the configuration of topic " + name
                    + " cannot be read, so retention and compaction are not checked: allow DescribeConfigs");
        }
        List<String> warnings = new ArrayList<>();
        shortRetention(actual).ifPresent(warnings::add);
        if (number(actual, RETENTION_BYTES).orElse(-1) >= 0) {
            warnings.add("topic " + name + " deletes by size (" + RETENTION_BYTES + "="
                    + actual.settings().get(RETENTION_BYTES) + "), what was not read yet as well: "
                    + alter(RETENTION_BYTES, "-1"));
        }
        String timestamps = actual.settings().get(TIMESTAMPS);
        if (input && !Objects.equals(timestamps, "LogAppendTime")) {
            warnings.add("topic " + name + " has " + TIMESTAMPS + "=" + timestamps
                    + ", so a producer's clock decides when Kafka deletes a record: "
                    + alter(TIMESTAMPS, "LogAppendTime"));
        }
        if (number(actual, MAX_BYTES).orElse(maxMessageBytes) < maxMessageBytes) {
            warnings.add("topic " + name + " takes records of "
                    + actual.settings().get(MAX_BYTES) + " bytes only; set " + MAX_BYTES + "=" + maxMessageBytes);
        }
        return warnings;
    }

    private Optional<String> shortRetention(TopicState actual) {
        long millis = number(actual, RETENTION_MS).orElse(-1);
        if (millis < 0 || millis >= SHORT_RETENTION.toMillis()) {
            return Optional.empty();
        }
        return Optional.of("topic " + name + " keeps records for " + TopicDifference.typed(millis)
                + " only, what was not read by then is lost: "
                + alter(RETENTION_MS, Long.toString(retention.toMillis())));
    }

    private static OptionalLong number(TopicState actual, String setting) {
        String value = actual.settings().get(setting);
        return value == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(value));
    }

    /** Kafka's own tool: changing what people may have set on purpose is theirs to do. */
    private String alter(String setting, String value) {
        return "kafka-configs.sh --bootstrap-server HOST:PORT --alter --topic " + name + " --add-config " + setting
                + "=" + value;
    }
}
