package dev.sluice.worker.observe;

import dev.sluice.worker.cache.ReplyCache;
import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.pace.LaneState;
import dev.sluice.worker.pace.LaneState.Flow;
import dev.sluice.worker.pace.LaneState.Spending;
import dev.sluice.worker.pace.PaceState;
import dev.sluice.worker.pieces.PieceWriter;
import dev.sluice.worker.settle.PartitionState;
import dev.sluice.worker.settle.Settle;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Meters of the stages' state. The meters of lanes and partitions are made anew before each reading, so that those of a
 * lane or partition that is gone disappear. Not thread-safe.
 */
final class StageMeters {
    private final WatchedStages stages;
    private final Clock clock;
    private final GaugeGroup worker;
    private final GaugeGroup lanes;
    private final GaugeGroup partitions;

    StageMeters(MeterRegistry registry, WatchedStages stages, Clock clock) {
        this.stages = stages;
        this.clock = clock;
        this.worker = new GaugeGroup(registry);
        this.lanes = new GaugeGroup(registry);
        this.partitions = new GaugeGroup(registry);
        gauge(
                registry,
                "sluice.open.records",
                "Records that were read and are not settled",
                stages.settle()::openRecords);
        gauge(
                registry,
                "sluice.open.bytes",
                "Their bytes, with the answers that wait for their commit",
                stages.settle()::openBytes);
        gauge(
                registry,
                "sluice.overflow.requests",
                "Requests, at most, that wait in the overflow partitions of this worker",
                stages.intake()::inOverflow);
        gauge(registry, "sluice.held.requests", "Requests held in memory until they are due", stages.intake()::delayed);
        gauge(
                registry,
                "sluice.unwritable.replies",
                "Replies that wait for a partition of a reply topic that cannot be written to",
                stages.settle()::unwritableReplies);
        gauge(
                registry,
                "sluice.commit.stall.seconds",
                "How long Kafka has accepted no commit though records are open; up to 2 is normal",
                () -> stages.settle().sinceCommit().toMillis() / 1e3);
        FunctionCounter.builder("sluice.redirected.replies", stages.settle(), Settle::redirectedReplies)
                .description("Replies that went to the queue's own topic, since theirs could not be written to")
                .register(registry);
        FunctionCounter.builder("sluice.deleted.requests", stages.intake(), Intake::deletedUnread)
                .description("Requests, at most, that Kafka deleted before they were read")
                .register(registry);
        gauge(
                registry,
                "sluice.cancel.marks",
                "Marks in memory that cancel requests",
                () -> stages.cancelMarks().getAsInt());
        gauge(
                registry,
                "sluice.open.streams",
                "Answers that are being read as streams",
                () -> stages.openStreams().getAsInt());
        chunks(registry, stages.pieces(), "published", PieceWriter::published);
        chunks(registry, stages.pieces(), "dropped", PieceWriter::dropped);
        cache(registry, stages.cache(), "hit", ReplyCache.Counts::hits);
        cache(registry, stages.cache(), "shared", ReplyCache.Counts::shared);
        cache(registry, stages.cache(), "miss", ReplyCache.Counts::misses);
    }

    private static void gauge(MeterRegistry registry, String name, String description, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    private static void chunks(
            MeterRegistry registry, PieceWriter pieces, String result, ToDoubleFunction<PieceWriter> count) {
        FunctionCounter.builder("sluice.stream.chunks", pieces, count)
                .description("Chunks of streamed answers for which somebody reads along")
                .tag("result", result)
                .register(registry);
    }

    private static void cache(
            MeterRegistry registry, ReplyCache cache, String result, ToDoubleFunction<ReplyCache.Counts> count) {
        FunctionCounter.builder("sluice.cache.requests", cache, counted -> count.applyAsDouble(counted.counts()))
                .description("Requests that asked for a cached answer: had one, shared a call, or were called")
                .tag("result", result)
                .register(registry);
    }

    /** Reads the latest snapshots of the stages. */
    void refresh() {
        PaceState pace = stages.pace().state();
        worker.begin();
        worker.add("sluice.in.flight.calls", "Calls under way", Tags.empty(), pace.inFlight());
        worker.add(
                "sluice.limit.share.ratio",
                "Part of every limit that this worker may spend",
                Tags.empty(),
                pace.share().fraction());
        worker.end();
        lanes.begin();
        pace.lanes().forEach(this::add);
        pace.groups().forEach(this::addGroup);
        lanes.end();
        partitions.begin();
        stages.settle().partitionStates().forEach(this::add);
        partitions.end();
    }

    /** Returns the label of a lane. The number of lanes is bounded, so that none has to share a label. */
    static String model(LaneState lane) {
        return lane.model().isEmpty() ? BoundedNames.OTHER : BoundedNames.label(lane.model());
    }

    private void add(LaneState lane) {
        Tags tags = Tags.of("model", model(lane));
        lanes.add("sluice.lane.waiting.requests", "Requests that are due and not sent", tags, lane.waiting());
        lanes.add("sluice.lane.in.flight.calls", "Calls under way", tags, lane.inFlight());
        for (Flow flow : Flow.values()) {
            lanes.add(
                    "sluice.lane.state",
                    "1 for the state that the lane is in, 0 for the others",
                    tags.and("state", flow.name().toLowerCase(Locale.ROOT)),
                    flow == lane.flow() ? 1 : 0);
        }
        if (!lane.reason().isEmpty()) {
            lanes.add(
                    "sluice.lane.stopped",
                    "1 while the lane is open or held, and why",
                    tags.and("reason", reason(lane.reason())),
                    1);
        }
        add(lane.requests(), tags.and("unit", "requests"));
        add(lane.tokens(), tags.and("unit", "tokens"));
    }

    private void addGroup(LaneState group) {
        Tags tags = Tags.of("group", BoundedNames.label(group.model()));
        addGroup(group.requests(), tags.and("unit", "requests"));
        addGroup(group.tokens(), tags.and("unit", "tokens"));
    }

    private void addGroup(Spending spending, Tags tags) {
        spending.limit().ifPresent(limit -> {
            lanes.add("sluice.group.spent.per.second", "Spent in the last second", tags, spending.perSecond());
            lanes.add("sluice.group.limit.per.second", "What this worker may spend a second at present", tags, limit);
        });
    }

    private void add(Spending spending, Tags tags) {
        lanes.add("sluice.lane.spent.per.second", "Spent in the last second", tags, spending.perSecond());
        spending.limit().ifPresent(limit -> {
            lanes.add("sluice.lane.limit.per.second", "What this worker may spend a second at present", tags, limit);
            lanes.add(
                    "sluice.lane.utilisation.ratio",
                    "Spent, as a part of the limit",
                    tags,
                    spending.perSecond() / limit);
        });
    }

    /** Returns the first word of a reason, a status or one of our own words. The rest is foreign text, for people. */
    static String reason(String reason) {
        String first = reason.split("[^A-Za-z0-9_]", 2)[0];
        return first.matches("[1-9][0-9]{2}|timeout|connection|response_too_large|unsendable")
                ? first
                : BoundedNames.OTHER;
    }

    private void add(PartitionState partition) {
        Tags tags = Tags.of("topic", partition.topic(), "partition", Integer.toString(partition.partition()));
        long now = clock.millis();
        long age = Math.max(0, now - partition.oldestSince().orElse(now));
        partitions.add(
                "sluice.partition.open.records", "Records that were read and are not settled", tags, partition.open());
        partitions.add(
                "sluice.partition.window.fill.ratio",
                "How much of what may be open at once is; at 1 it is not read further",
                tags,
                partition.fill());
        partitions.add(
                "sluice.partition.oldest.unsettled.age.seconds",
                "How long the lowest open record has waited; 0 where none is open",
                tags,
                age / 1e3);
        partitions.add("sluice.partition.committed.offset", "Offset that the group has committed", tags, (double)
                partition.committed());
        partitions.add(
                "sluice.partition.position.offset", "Offset that is read next", tags, (double) partition.position());
    }
}
