package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.deadletters.BodySummary;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Counts the requests that wait by tenant, by reading all of them. Offsets tell only how many there are. Not
 * thread-safe.
 */
public final class BacklogSurvey implements AutoCloseable {
    /** The most pairs of a tenant and a model that are told apart, since both come from outside. */
    private static final int MAX_PAIRS = 100_000;

    private static final int MAX_LISTED = 100;

    private final Topics topics;
    private final OpenRanges openRanges;
    private final PartitionScanner scanner;
    private final Map<String, Map<String, Count>> byTenant = new HashMap<>();
    private int pairs;
    private long requests;
    private long notTold;

    /** Takes what was counted so far. */
    @FunctionalInterface
    public interface Listener {
        /**
         * Takes a step of the reading.
         *
         * @param done the offsets that were read
         * @param all the number of offsets that will have been read at the end
         * @return false to end it
         */
        boolean progressed(Result counted, long done, long all);
    }

    /**
     * The counts of a survey. Immutable.
     *
     * @param largest the tenants with the most requests, the largest first
     * @param tenants the number of all tenants
     * @param requests the number of all requests
     * @param notTold the requests of more tenants and models than are told apart
     * @param problems what could not be read, a sentence each
     */
    public record Result(List<TenantBacklog> largest, int tenants, long requests, long notTold, List<String> problems) {
        public Result {
            largest = List.copyOf(largest);
            problems = List.copyOf(problems);
        }
    }

    private static final class Count {
        private long requests;
        private long oldest = Long.MAX_VALUE;

        void add(long more, long written) {
            requests += more;
            oldest = Math.min(oldest, written);
        }
    }

    private record Pair(String tenant, String model) {}

    /**
     * Makes a survey that does not close the admin client.
     *
     * @param kafka the user's properties
     * @param group the consumer group of the workers, whose offsets tell what has ended
     */
    public BacklogSurvey(Admin admin, Map<String, Object> kafka, Topics topics, String group) {
        this.topics = topics;
        this.openRanges = new OpenRanges(admin, new WorkerGroup(admin, group, topics));
        this.scanner = new PartitionScanner(kafka);
    }

    /**
     * Counts what waits now. It may be called once.
     *
     * @throws dev.sluice.worker.text.CommandException if the broker does not answer or rejects a request
     */
    public Result read(Listener listener) throws InterruptedException {
        Map<TopicPartition, OpenRange> ranges = openRanges.of(topics.inputs());
        TopicSweep sweep = new TopicSweep(scanner);
        ranges.forEach((partition, range) -> sweep.add(partition, range.start(), range.end()));
        boolean goesOn = true;
        while (goesOn && sweep.step(partition -> new Counts(Objects.requireNonNull(ranges.get(partition))))) {
            goesOn = listener.progressed(result(sweep), sweep.done(), sweep.all());
        }
        return result(sweep);
    }

    /** The counts of one step of a partition. */
    private final class Counts implements TopicSweep.Collector {
        private final OpenRange range;
        private final Map<Pair, Count> counts = new HashMap<>();

        Counts(OpenRange range) {
            this.range = range;
        }

        @Override
        public void add(ConsumerRecord<byte[], byte[]> record) {
            if (range.isOpen(record.offset())) {
                Pair pair = new Pair(
                        TracedRecord.shortened(WireHeaders.text(record.headers(), WireHeaders.TENANT)
                                .orElse("")),
                        TracedRecord.shortened(BodySummary.of(record.value()).model()));
                counts.computeIfAbsent(pair, key -> new Count()).add(1, record.timestamp());
            }
        }

        @Override
        public void keep() {
            counts.forEach((pair, count) -> {
                requests += count.requests;
                Map<String, Count> models = byTenant.getOrDefault(pair.tenant(), Map.of());
                if (models.containsKey(pair.model()) || pairs < MAX_PAIRS) {
                    byTenant.computeIfAbsent(pair.tenant(), key -> new HashMap<>())
                            .computeIfAbsent(pair.model(), key -> {
                                pairs++;
                                return new Count();
                            })
                            .add(count.requests, count.oldest);
                } else {
                    notTold += count.requests;
                }
            });
        }
    }

    private Result result(TopicSweep sweep) {
        List<TenantBacklog> largest = byTenant.entrySet().stream()
                .map(entry -> backlog(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(TenantBacklog::requests)
                        .reversed()
                        .thenComparing(TenantBacklog::tenant))
                .limit(MAX_LISTED)
                .toList();
        return new Result(largest, byTenant.size(), requests, notTold, sweep.problems());
    }

    private static TenantBacklog backlog(String tenant, Map<String, Count> models) {
        String most = models.entrySet().stream()
                .max(Comparator.comparingLong(entry -> entry.getValue().requests))
                .orElseThrow()
                .getKey();
        long all = models.values().stream().mapToLong(count -> count.requests).sum();
        long oldest =
                models.values().stream().mapToLong(count -> count.oldest).min().orElse(0);
        return new TenantBacklog(tenant, all, most, models.size(), Instant.ofEpochMilli(Math.max(0, oldest)));
    }

    @Override
    public void close() {
        scanner.close();
    }
}
