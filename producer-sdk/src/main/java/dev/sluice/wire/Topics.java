package dev.sluice.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;

/**
 * The names of all topics of one queue, derived from its base name. For {@code chat} they are {@code chat.requests},
 * {@code chat.requests.retry} and so on.
 *
 * <p>Partition <i>i</i> of {@link #requests()}, of {@link #express()}, of {@link #retry()} and of every delay tier form
 * bundle <i>i</i>, together with {@link #OVERFLOW_PARTITIONS} partitions of {@link #overflow()} from 8<i>i</i> on. So
 * {@link #overflow()} has eight times as many partitions as each of the others. One worker owns a whole bundle. The
 * record is immutable and thread-safe.
 *
 * @param base the base name of at most 200 letters, digits, {@code .}, {@code _} and {@code -}, so that every derived
 *     name stays within Kafka's 249
 */
public record Topics(String base) {
    /** The number of partitions of {@link #overflow()} in each bundle. Existing queues rely on it. */
    public static final int OVERFLOW_PARTITIONS = 8;

    private static final String VALID = "[a-zA-Z0-9._-]{1,200}";

    /** The delay tiers, the shortest first. A record leaves its tier {@link #delay()} after it was written there. */
    public enum Tier {
        TEN_SECONDS("10s", Duration.ofSeconds(10)),
        ONE_MINUTE("1m", Duration.ofMinutes(1)),
        TEN_MINUTES("10m", Duration.ofMinutes(10)),
        ONE_HOUR("1h", Duration.ofHours(1));

        private final String suffix;
        private final Duration delay;

        Tier(String suffix, Duration delay) {
            this.suffix = suffix;
            this.delay = delay;
        }

        /** Returns the time that a record lies in this tier. */
        public Duration delay() {
            return delay;
        }

        /** Returns the last part of the tier's topic name, such as {@code delay-10s}. */
        public String word() {
            return "delay-" + suffix;
        }

        /**
         * Returns the longest tier that does not keep a record beyond {@code remaining}. If none is that short, it
         * returns the shortest.
         */
        public static Tier within(Duration remaining) {
            Tier best = TEN_SECONDS;
            for (Tier tier : values()) {
                if (tier.delay.compareTo(remaining) <= 0) {
                    best = tier;
                }
            }
            return best;
        }
    }

    public Topics {
        if (!base.matches(VALID) || base.equals(".") || base.equals("..")) {
            throw new IllegalArgumentException(
                    "topic base name '" + base + "' must be 1 to 200 letters, digits, '.', '_' or '-'");
        }
    }

    /** Returns the topic that producers write requests to. */
    public String requests() {
        return base + ".requests";
    }

    /** Returns the topic that producers write urgent requests to. They go before those of {@link #requests()}. */
    public String express() {
        return base + ".requests.express";
    }

    /** Returns the topic for requests that are called again soon. */
    public String retry() {
        return base + ".requests.retry";
    }

    /** Returns the topic to which workers move requests whose flow fills the read-ahead while others wait. */
    public String overflow() {
        return base + ".requests.overflow";
    }

    /** Returns the topic of a delay tier. */
    public String delay(Tier tier) {
        return base + ".requests." + tier.word();
    }

    /** Returns the topic for dead letters. */
    public String dead() {
        return base + ".requests.dead";
    }

    /** Returns the topic for replies to requests that name no reply topic. */
    public String replies() {
        return base + ".replies";
    }

    /**
     * Returns the topic for replies to requests that came over HTTP. The door that reads it does not have to read the
     * replies of everybody else.
     */
    public String doorReplies() {
        return base + ".replies.door";
    }

    /**
     * Returns the topic for replies to the requests of batches that came over HTTP. It has one partition, and of all
     * doors one reads it.
     */
    public String batchReplies() {
        return base + ".replies.batches";
    }

    /**
     * Returns the topic on which workers tell each other what they know of the rate limits. It holds no request, is no
     * part of a bundle, and has one partition.
     */
    public String workers() {
        return base + ".workers";
    }

    /**
     * Returns the topic of {@linkplain CancelMark marks} that cancel requests. Every worker reads all of it. It holds
     * no request, is no part of a bundle, and has one partition.
     */
    public String cancels() {
        return base + ".cancels";
    }

    /**
     * Returns the topic on which workers publish the {@linkplain StreamPiece pieces} of streamed answers as they come.
     * It holds no request, and is no part of a bundle. Who reads pieces chooses a partition.
     */
    public String streams() {
        return base + ".streams";
    }

    /** Returns the topics that producers write to. Workers believe nothing there that only workers may write. */
    public List<String> fromProducers() {
        return List.of(requests(), express());
    }

    /** Returns true if producers write to the topic. On every other input only workers do. */
    public boolean isFromProducers(String topic) {
        return fromProducers().contains(topic);
    }

    /**
     * Returns everything a worker reads: requests, express, retry, overflow, then the tiers from the shortest to the
     * longest.
     */
    public List<String> inputs() {
        List<String> inputs = new ArrayList<>(fromProducers());
        inputs.add(retry());
        inputs.add(overflow());
        for (Tier tier : Tier.values()) {
            inputs.add(delay(tier));
        }
        return List.copyOf(inputs);
    }

    /** Returns the topics without which no worker works: the inputs, then the dead letters and the replies. */
    public List<String> required() {
        List<String> required = new ArrayList<>(inputs());
        required.add(dead());
        required.add(replies());
        return List.copyOf(required);
    }

    /**
     * Returns every topic of the queue: the required ones, then {@link #doorReplies()}, {@link #batchReplies()}, {@link
     * #workers()}, {@link #cancels()} and {@link #streams()}.
     */
    public List<String> all() {
        List<String> all = new ArrayList<>(required());
        all.add(doorReplies());
        all.add(batchReplies());
        all.add(workers());
        all.add(cancels());
        all.add(streams());
        return List.copyOf(all);
    }

    /** Returns the number of partitions that an input topic has in each bundle. */
    public int partitionsPerBundle(String input) {
        return input.equals(overflow()) ? OVERFLOW_PARTITIONS : 1;
    }

    /** Returns the bundle that a partition of an input topic belongs to. */
    public int bundleOf(TopicPartition partition) {
        return partition.partition() / partitionsPerBundle(partition.topic());
    }

    /** Returns the partitions of an input topic that belong to a bundle. */
    public List<TopicPartition> partitionsOf(String input, int bundle) {
        int count = partitionsPerBundle(input);
        return IntStream.range(bundle * count, (bundle + 1) * count)
                .mapToObj(partition -> new TopicPartition(input, partition))
                .toList();
    }

    /**
     * Returns the number of whole bundles, of which every topic has all partitions.
     *
     * @param partitions the number of partitions by input topic
     */
    public int bundleCount(Map<String, Integer> partitions) {
        return partitions.entrySet().stream()
                .mapToInt(input -> input.getValue() / partitionsPerBundle(input.getKey()))
                .min()
                .orElse(0);
    }

    /** Returns the delay tier with this topic name, if the queue has one. */
    public Optional<Tier> tier(String topic) {
        for (Tier tier : Tier.values()) {
            if (delay(tier).equals(topic)) {
                return Optional.of(tier);
            }
        }
        return Optional.empty();
    }
}
