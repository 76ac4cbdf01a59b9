package dev.sluice.worker.observe;

import dev.sluice.worker.pace.LaneState;
import dev.sluice.worker.pace.LaneState.Spending;
import dev.sluice.worker.pace.PaceState;
import dev.sluice.worker.pool.WorkerReportJson;
import dev.sluice.worker.settle.PartitionState;
import dev.sluice.worker.text.PrintableText;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Shows the present state of a worker as JSON. Thread-safe. */
public final class StatusPage implements AdminPage {
    private static final String TYPE = "application/json";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Metrics metrics;
    private final String version;
    private final Clock clock;
    private final long startedAt;

    /**
     * Creates the page of a worker that starts now.
     *
     * @param version the version of this worker
     */
    public StatusPage(Metrics metrics, String version, Clock clock) {
        this.metrics = metrics;
        this.version = version;
        this.clock = clock;
        this.startedAt = clock.millis();
    }

    @Override
    public Content now(String accept) {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", version);
        root.put("uptime_seconds", (clock.millis() - startedAt) / 1e3);
        metrics.stages().ifPresent(stages -> write(stages, root));
        return new Content(TYPE, JSON.writeValueAsBytes(root));
    }

    private void write(WatchedStages stages, ObjectNode root) {
        PaceState pace = stages.pace().state();
        ObjectNode share = root.putObject("share");
        share.put("bundles", pace.share().bundles());
        share.put("of", pace.share().width());
        root.put("in_flight", pace.inFlight());
        root.put("held_until_due", stages.intake().delayed());
        root.put("in_overflow", stages.intake().inOverflow());
        root.put("open_records", stages.settle().openRecords());
        root.put("open_bytes", stages.settle().openBytes());
        root.put("unwritable_replies", stages.settle().unwritableReplies());
        root.put("cancel_marks", stages.cancelMarks().getAsInt());
        root.set("cancelled", WorkerReportJson.tree(metrics.calls().cancelled()));
        ArrayNode refusals = root.putArray("not_read");
        stages.intake().refusals().forEach(refusal -> refusals.add(PrintableText.line(refusal)));
        ObjectNode ages = root.putObject("last_round_seconds_ago");
        stages.ages().get().forEach((thread, age) -> ages.put(thread, age.toMillis() / 1e3));
        ArrayNode lanes = root.putArray("lanes");
        sorted(pace.lanes(), Comparator.comparing(LaneState::model)).forEach(lane -> write(lane, lanes.addObject()));
        ArrayNode groups = root.putArray("groups");
        pace.groups().forEach(group -> groups.add(WorkerReportJson.tree("group", group.report())));
        ArrayNode partitions = root.putArray("partitions");
        Comparator<PartitionState> byName =
                Comparator.comparing(PartitionState::topic).thenComparing(PartitionState::partition);
        sorted(stages.settle().partitionStates(), byName)
                .forEach(partition -> write(partition, partitions.addObject()));
    }

    private static <T> List<T> sorted(List<T> states, Comparator<T> order) {
        return states.stream().sorted(order).toList();
    }

    private static void write(LaneState lane, ObjectNode node) {
        node.put("model", StageMeters.model(lane));
        node.put("state", lane.flow().name().toLowerCase(Locale.ROOT));
        if (!lane.reason().isEmpty()) {
            node.put("reason", PrintableText.line(lane.reason()));
        }
        node.put("waiting", lane.waiting());
        node.put("in_flight", lane.inFlight());
        write(lane.requests(), node.putObject("requests"));
        write(lane.tokens(), node.putObject("tokens"));
    }

    private static void write(Spending spending, ObjectNode node) {
        node.put("per_second", spending.perSecond());
        spending.limit().ifPresent(limit -> node.put("limit_per_second", limit));
    }

    private void write(PartitionState partition, ObjectNode node) {
        node.put("topic", partition.topic());
        node.put("partition", partition.partition());
        node.put("committed", partition.committed());
        node.put("position", partition.position());
        node.put("open", partition.open());
        node.put("window_fill", partition.fill());
        partition
                .oldestSince()
                .ifPresent(since -> node.put("oldest_age_seconds", Math.max(0, clock.millis() - since) / 1e3));
    }
}
