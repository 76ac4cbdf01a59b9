package dev.sluice.worker.status;

import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.PoolLane;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.pool.WorkerReportJson;
import dev.sluice.worker.provider.StopRemedy;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the status of a queue as one JSON object. Scripts rely on the names, so fields are added and never renamed.
 */
public final class StatusJson {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final long now;
    private final boolean hasPartitions;

    private StatusJson(Instant at, boolean hasPartitions) {
        this.now = at.toEpochMilli();
        this.hasPartitions = hasPartitions;
    }

    /**
     * Returns the object on one line.
     *
     * @param reports true to add the report of each worker
     */
    public static String of(QueueStatus status, PoolReading pool, boolean reports) {
        ObjectNode root = new StatusJson(status.at(), true).of(status, pool);
        if (reports) {
            ArrayNode each = root.putArray("reports");
            pool.workers()
                    .forEach((name, report) ->
                            each.addObject().put("worker", name).set("report", WorkerReportJson.tree(report)));
        }
        return root.toString();
    }

    /**
     * Returns the object with the report of each worker, but without what grows with bundles and with workers times
     * lanes: the partitions of each topic, and the lanes of each report.
     */
    public static ObjectNode summary(QueueStatus status, PoolReading pool) {
        ObjectNode root = new StatusJson(status.at(), false).of(status, pool);
        ArrayNode each = root.putArray("reports");
        pool.workers()
                .forEach((name, report) ->
                        each.addObject().put("worker", name).set("report", WorkerReportJson.summary(report)));
        return root;
    }

    private ObjectNode of(QueueStatus status, PoolReading pool) {
        ObjectNode root = queue(status);
        root.putObject("pool")
                .put("state", pool.state().name().toLowerCase(Locale.ROOT))
                .put("problem", pool.problem().isEmpty() ? null : pool.problem());
        ArrayNode lanes = root.putArray("lanes");
        PoolLane.of(pool.workers()).forEach(lane -> lanes.add(lane(lane)));
        ArrayNode groups = root.putArray("groups");
        PoolLane.ofGroups(pool.workers()).forEach(group -> groups.add(WorkerReportJson.tree("group", group.total())));
        root.set(
                "cancelled",
                WorkerReportJson.tree(CancelledReport.sum(pool.workers().values())));
        return root;
    }

    private static ObjectNode lane(PoolLane lane) {
        ObjectNode node = WorkerReportJson.tree(lane.total());
        if (lane.isStopped()) {
            node.put("remedy", StopRemedy.of(lane.total().cause()));
        }
        node.put("workers", lane.workers());
        ArrayNode worst = node.putArray("worst");
        lane.worst().forEach(worst::add);
        return node;
    }

    private ObjectNode queue(QueueStatus status) {
        ObjectNode root = JSON.createObjectNode()
                .put("queue", status.queue())
                .put("at", status.at().toString())
                .put("group", status.group().name())
                .put("group_state", status.group().state())
                .put("partitions", status.width())
                .put("overflow_drained", status.overflowDrained());
        ArrayNode waiting = root.putArray("waiting");
        status.inputs().forEach(input -> waiting.add(topic(input)));
        root.set("dead", topic(status.dead()));
        ArrayNode workers = root.putArray("workers");
        for (GroupStatus.Member member : status.group().members()) {
            ObjectNode worker =
                    workers.addObject().put("client_id", member.client()).put("host", member.host());
            ArrayNode bundles = worker.putArray("partitions");
            new TreeSet<>(member.bundles()).forEach(bundles::add);
            worker.put("share", (double) member.bundles().size() / status.width());
        }
        ArrayNode problems = root.putArray("problems");
        status.problems().forEach(problems::add);
        return root;
    }

    private ObjectNode topic(TopicBacklog topic) {
        ObjectNode node = JSON.createObjectNode()
                .put("topic", topic.topic())
                .put("kind", topic.kind())
                .put("open", topic.open())
                .put("exact", topic.exact());
        putAge(node, topic.oldest());
        node.put("ended_ahead", topic.endedAhead()).put("lag", topic.lag());
        if (hasPartitions) {
            putPartitions(node, topic);
        }
        return node;
    }

    private void putPartitions(ObjectNode node, TopicBacklog topic) {
        ArrayNode partitions = node.putArray("partitions");
        for (PartitionBacklog each : topic.partitions()) {
            ObjectNode partition = partitions
                    .addObject()
                    .put("partition", each.partition())
                    .put("open", each.open())
                    .put("exact", each.exact());
            putAge(partition, each.oldest());
            partition.put("ended_ahead", each.endedAhead()).put("lag", each.lag());
        }
    }

    private void putAge(ObjectNode node, OptionalLong since) {
        if (since.isPresent()) {
            node.put("oldest_age_ms", Math.max(0, now - since.getAsLong()));
        } else {
            node.putNull("oldest_age_ms");
        }
    }
}
