package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.text.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.record.TimestampType;

/**
 * The settings that one topic of a queue ought to have. It also judges a topic that has other settings. Immutable.
 *
 * @param name the topic
 * @param content the kind of records on the topic
 * @param partitionsPerBundle the number of partitions that each bundle has of the topic; for {@link Content#BATCHES},
 *     {@link Content#WORKERS} and {@link Content#CANCELS} the number that the topic has
 * @param retention how long records stay
 * @param maxMessageBytes the largest record (strictly, batch) that the topic takes
 */
public record TopicPlan(
        String name, Content content, int partitionsPerBundle, Duration retention, int maxMessageBytes) {
    /** The kind of records on a topic. Its settings follow from that. */
    public enum Content {
        /** Requests that producers have written. */
        REQUESTS,
        /** Requests on their way. Only workers write them, and have those deleted that have ended. */
        PASSING,
        /** Replies or dead letters, which workers do not read. */
        ENDINGS,
        /** Replies to the requests of batches over HTTP. One door reads all of them. */
        BATCHES,
        /** The words of workers to each other. Only the last record of each key counts. */
        WORKERS,
        /** Marks that cancel requests. Every worker reads all of them. */
        CANCELS,
        /** Pieces of streamed answers. Nobody needs them once the reply is there. */
        STREAMS;

        /** Returns true if every such topic has the partitions of as many bundles as the others. */
        public boolean isInput() {
            return this == REQUESTS || this == PASSING;
        }

        /** Returns true if the topic has the same number of partitions in every queue. */
        private boolean hasFixedWidth() {
            return this == BATCHES || this == WORKERS || this == CANCELS;
        }
    }

    /** The number of bundles of a queue, unless the operator wants another. */
    public static final int BUNDLES = 12;

    /** The time that a backlog may wait. Kafka deletes unread what waits longer. */
    public static final Duration RETENTION = Duration.ofDays(7);

    /** The time that dead letters wait for people, who go on holiday. */
    public static final Duration DEAD_RETENTION = Duration.ofDays(30);

    /** The largest body of a request, unless the operator wants another. */
    public static final int MAX_REQUEST_BYTES = 1 << 20;

    // the overhead of a batch; with it the default is Kafka's own, 1,048,588
    private static final int BATCH_BYTES = 12;

    // workers add headers, so a record as large as its topic allows would not fit into an equal topic
    private static final int HEADER_BYTES = 64 * 1024;

    // answers are larger than questions; many managed brokers allow no more than this
    private static final int REPLY_BYTES = 8 * 1024 * 1024;

    /** The time that replies stay which an HTTP door reads. Nobody waits there for longer. */
    private static final Duration DOOR_RETENTION = Duration.ofDays(1);

    /** The time that replies to batches stay. It is longer than the longest batch. */
    private static final Duration BATCH_RETENTION = Duration.ofDays(8);

    /** The time that pieces of streamed answers stay. Who reads them does so as they come. */
    private static final Duration STREAM_RETENTION = Duration.ofMinutes(10);

    /** The time after which nothing counts any more that a worker has said. */
    private static final Duration WORKERS_RETENTION = Duration.ofDays(1);

    // Kafka compacts no segment that it writes to, and a worker that starts reads all that is left
    private static final Duration WORKERS_SEGMENT_TIME = Duration.ofMinutes(1);

    // also deletes, since a worker that has crashed leaves no tombstone
    private static final String COMPACT_AND_DELETE =
            TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE;

    // a shorter retention gets a warning
    private static final Duration SHORT_RETENTION = Duration.ofDays(1);

    // Kafka frees the disk of whole segments only, and never of the one that it writes to. A backlog of many days has
    // few segments all the same, since each record that waits long moves once an hour
    private static final Duration SEGMENT_TIME = Duration.ofHours(1);

    private static final int SEGMENT_BYTES = 64 * 1024 * 1024;

    // Kafka's word for a topic that may be as large as its records are
    private static final String NO_BYTES_LIMIT = "-1";

    private static final String LOG_APPEND_TIME = TimestampType.LOG_APPEND_TIME.name;

    /**
     * Returns the plan of every topic of a queue, in the order of {@link Topics#all()}.
     *
     * @param maxRequestBytes the largest body of a request
     */
    public static List<TopicPlan> of(Topics topics, Duration retention, Duration deadRetention, int maxRequestBytes) {
        int requestBytes = maxRequestBytes + BATCH_BYTES;
        List<TopicPlan> plans = new ArrayList<>();
        for (String input : topics.inputs()) {
            boolean passing = !topics.isFromProducers(input);
            Content content = passing ? Content.PASSING : Content.REQUESTS;
            int maxBytes = passing ? requestBytes + HEADER_BYTES : requestBytes;
            plans.add(new TopicPlan(input, content, topics.partitionsPerBundle(input), retention, maxBytes));
        }
        plans.add(new TopicPlan(topics.dead(), Content.ENDINGS, 1, deadRetention, requestBytes + HEADER_BYTES));
        plans.add(new TopicPlan(topics.replies(), Content.ENDINGS, 1, retention, REPLY_BYTES));
        plans.add(new TopicPlan(topics.doorReplies(), Content.ENDINGS, 1, DOOR_RETENTION, REPLY_BYTES));
        plans.add(new TopicPlan(topics.batchReplies(), Content.BATCHES, 1, BATCH_RETENTION, REPLY_BYTES));
        plans.add(new TopicPlan(
                topics.workers(), Content.WORKERS, 1, WORKERS_RETENTION, MAX_REQUEST_BYTES + BATCH_BYTES));
        // What a mark names may wait for as long as requests may.
        plans.add(new TopicPlan(topics.cancels(), Content.CANCELS, 1, retention, MAX_REQUEST_BYTES + BATCH_BYTES));
        plans.add(
                new TopicPlan(topics.streams(), Content.STREAMS, 1, STREAM_RETENTION, MAX_REQUEST_BYTES + BATCH_BYTES));
        return plans;
    }

    public static List<TopicPlan> of(Topics topics) {
        return of(topics, RETENTION, DEAD_RETENTION, MAX_REQUEST_BYTES);
    }

    /** Returns the number of partitions that the topic has in a queue of so many bundles. */
    public int partitions(int bundles) {
        return content.hasFixedWidth() ? partitionsPerBundle : bundles * partitionsPerBundle;
    }

    /** Returns the number of bundles that all these partitions need. The last one may not be whole. */
    static int bundles(int partitions, int partitionsPerBundle) {
        return (partitions + partitionsPerBundle - 1) / partitionsPerBundle;
    }

    /** Returns the settings to create the topic with. All are explicit: no broker's default decides what is lost. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                content == Content.WORKERS ? COMPACT_AND_DELETE : TopicConfig.CLEANUP_POLICY_DELETE);
        settings.put(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis()));
        settings.put(TopicConfig.RETENTION_BYTES_CONFIG, NO_BYTES_LIMIT);
        settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxMessageBytes));
        // delays count from when the broker got a record, retention must not trust a producer's clock, and no record is
        // rejected for a worker's clock
        settings.put(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, LOG_APPEND_TIME);
        if (content == Content.WORKERS) {
            settings.put(TopicConfig.SEGMENT_MS_CONFIG, Long.toString(WORKERS_SEGMENT_TIME.toMillis()));
        }
        if (content == Content.PASSING || content == Content.STREAMS) {
            // what is kept for less than a segment's time stays for that time
            long segmentMillis = Math.min(SEGMENT_TIME.toMillis(), retention.toMillis());
            settings.put(TopicConfig.SEGMENT_MS_CONFIG, Long.toString(segmentMillis));
            settings.put(TopicConfig.SEGMENT_BYTES_CONFIG, Integer.toString(Math.max(SEGMENT_BYTES, maxMessageBytes)));
        }
        return settings;
    }

    /**
     * Returns the plan of a topic that is missing from a queue. It takes records as large as the queue's other topics
     * of its kind do, which may have been enlarged.
     */
    public TopicPlan asLargeAs(Collection<TopicState> others) {
        int largest = others.stream()
                .mapToInt(other -> (int)
                        number(other, TopicConfig.MAX_MESSAGE_BYTES_CONFIG).orElse(0))
                .reduce(maxMessageBytes, Math::max);
        return new TopicPlan(name, content, partitionsPerBundle, retention, largest);
    }

    /** Returns the settings of an existing topic that {@code topics create} would make otherwise. */
    public List<TopicDifference> differences(TopicState actual) {
        List<TopicDifference> differences = new ArrayList<>();
        settings().forEach((setting, planned) -> {
            String found = actual.settings().get(setting);
            if (found != null && !isSame(setting, found, planned)) {
                String remedy = "to change it: " + alter(setting, planned);
                differences.add(new TopicDifference(name, setting, found, planned, remedy));
            }
        });
        return differences;
    }

    private static boolean isSame(String setting, String found, String planned) {
        // "delete,compact" is no difference
        return setting.equals(TopicConfig.CLEANUP_POLICY_CONFIG)
                ? TopicState.cleanupPolicies(found).equals(TopicState.cleanupPolicies(planned))
                : found.equals(planned);
    }

    /** Returns a sentence with the remedy for each reason why a worker cannot work with the topic. */
    List<String> refusals(TopicState actual) {
        if (content == Content.WORKERS || content == Content.STREAMS || !actual.isCompacted()) {
            return List.of();
        }
        String setting = TopicConfig.CLEANUP_POLICY_CONFIG;
        return List.of("topic " + name + " is compacted (" + setting + "="
                + actual.settings().get(setting) + "), so Kafka would delete records of it that nobody has read: "
                + alter(setting, TopicConfig.CLEANUP_POLICY_DELETE));
    }

    /** Returns a sentence with the remedy for each setting that a worker can work with but should not have to. */
    List<String> warnings(TopicState actual) {
        if (actual.settings().isEmpty()) {
            return List.of("the configuration of topic " + name
                    + " cannot be read, so retention and compaction are not checked: allow DescribeConfigs");
        }
        return Stream.concat(cleanupWarnings(actual), Stream.of(writersClock(actual), smallRecords(actual)))
                .flatMap(Optional::stream)
                .toList();
    }

    private Stream<Optional<String>> cleanupWarnings(TopicState actual) {
        return switch (content) {
            case WORKERS -> Stream.of(notCompacted(actual), notDeleted(actual));
            case STREAMS -> Stream.of(compactedStreams(actual));
            case REQUESTS, PASSING, ENDINGS, BATCHES, CANCELS ->
                Stream.of(shortRetention(actual), retentionBySize(actual));
        };
    }

    private Optional<String> compactedStreams(TopicState actual) {
        return actual.isCompacted()
                ? Optional.of(otherCleanup(actual) + ", so Kafka rejects the pieces of streamed answers, which have no"
                        + " key: " + alter(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE))
                : Optional.empty();
    }

    private Optional<String> notCompacted(TopicState actual) {
        return actual.isCompacted()
                ? Optional.empty()
                : Optional.of(otherCleanup(actual) + ", so a worker that starts reads all that workers have said for "
                        + "days: " + alter(TopicConfig.CLEANUP_POLICY_CONFIG, COMPACT_AND_DELETE));
    }

    private Optional<String> notDeleted(TopicState actual) {
        return actual.deletesOldRecords()
                ? Optional.empty()
                : Optional.of(otherCleanup(actual) + ", so a record of every worker that was ever killed stays there: "
                        + alter(TopicConfig.CLEANUP_POLICY_CONFIG, COMPACT_AND_DELETE));
    }

    private String otherCleanup(TopicState actual) {
        String setting = TopicConfig.CLEANUP_POLICY_CONFIG;
        return "topic " + name + " has " + setting + "=" + actual.settings().get(setting);
    }

    private Optional<String> shortRetention(TopicState actual) {
        long millis = number(actual, TopicConfig.RETENTION_MS_CONFIG).orElse(-1);
        if (millis < 0 || millis >= SHORT_RETENTION.toMillis()) {
            return Optional.empty();
        }
        return Optional.of("topic " + name + " keeps records for " + Durations.format(Duration.ofMillis(millis))
                + " only, what was not read by then is lost: "
                + alter(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis())));
    }

    private Optional<String> retentionBySize(TopicState actual) {
        String setting = TopicConfig.RETENTION_BYTES_CONFIG;
        if (number(actual, setting).orElse(-1) < 0) {
            return Optional.empty();
        }
        return Optional.of("topic " + name + " deletes by size (" + setting + "="
                + actual.settings().get(setting) + "), what was not read yet as well: "
                + alter(setting, NO_BYTES_LIMIT));
    }

    private Optional<String> writersClock(TopicState actual) {
        String setting = TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG;
        String timestamps = actual.settings().get(setting);
        boolean isReply = content == Content.ENDINGS || content == Content.BATCHES;
        if (isReply || Objects.equals(timestamps, LOG_APPEND_TIME)) {
            return Optional.empty();
        }
        String writer = content == Content.WORKERS || content == Content.STREAMS ? "worker" : "producer";
        return Optional.of("topic " + name + " has " + setting + "=" + timestamps + ", so a " + writer
                + "'s clock decides when Kafka deletes a record: " + alter(setting, LOG_APPEND_TIME));
    }

    private Optional<String> smallRecords(TopicState actual) {
        String setting = TopicConfig.MAX_MESSAGE_BYTES_CONFIG;
        if (number(actual, setting).orElse(maxMessageBytes) >= maxMessageBytes) {
            return Optional.empty();
        }
        return Optional.of("topic " + name + " takes records of "
                + actual.settings().get(setting) + " bytes only; set " + setting + "=" + maxMessageBytes);
    }

    /** Returns the settings to change so that an existing topic takes records as large as planned. */
    public Map<String, String> enlargement(TopicState actual) {
        Map<String, String> larger = new LinkedHashMap<>();
        // a record must fit into a segment, too
        for (String setting : List.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, TopicConfig.SEGMENT_BYTES_CONFIG)) {
            if (number(actual, setting).orElse(maxMessageBytes) < maxMessageBytes) {
                larger.put(setting, Integer.toString(maxMessageBytes));
            }
        }
        return larger;
    }

    /** Returns the most bytes that a record of the topic may have, if that is less than {@code bytes}. */
    static OptionalLong limitBelow(TopicState actual, long bytes) {
        OptionalLong limit = number(actual, TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
        return limit.isPresent() && limit.getAsLong() < bytes ? limit : OptionalLong.empty();
    }

    private static OptionalLong number(TopicState actual, String setting) {
        String value = actual.settings().get(setting);
        return value == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(value));
    }

    // names Kafka's own tool, since people may have set it on purpose and have to change it themselves
    private String alter(String setting, String value) {
        // a comma begins the next setting, except within brackets, which a shell must not see
        String config = value.contains(",") ? "'" + setting + "=[" + value + "]'" : setting + "=" + value;
        return "kafka-configs.sh --bootstrap-server HOST:PORT --alter --topic " + name + " --add-config " + config;
    }
}
