package dev.sluice.worker.pool;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON form of a {@link WorkerReport}, which {@code worker/DESIGN.md} describes. What a newer release adds is
 * ignored, and what is missing has the value that does least. Thread-safe.
 */
public final class WorkerReportJson {
    /** The version of the form. A reader takes a newer one as far as it knows it. */
    static final int VERSION = 1;

    /** The largest value that is read. A thousand lanes have less. */
    private static final int MAX_BYTES = 1 << 20;

    /** The most lanes that are read of one worker. */
    private static final int MAX_LANES = 4_096;

    /** Limits may be a million tokens a second or a call a day. */
    private static final MathContext ROUNDING = new MathContext(6);

    /** The longest time for which a worker is believed, whatever it says of itself. */
    private static final Duration MAX_VALIDITY = Duration.ofMinutes(1);

    /** The largest integer that all JSON readers take exactly. Another worker still counts on from there. */
    private static final long MAX_COUNT = 1L << 53;

    private static final JsonMapper JSON = JsonMapper.shared();

    private WorkerReportJson() {}

    /** Returns the value of a record. */
    public static byte[] encode(WorkerReport report) {
        return JSON.writeValueAsBytes(tree(report));
    }

    /** Returns the report as a tree, to which more may be added. */
    public static ObjectNode tree(WorkerReport report) {
        ObjectNode tree = head(report);
        ArrayNode lanes = tree.putArray("lanes");
        report.lanes().forEach(lane -> lanes.add(tree(lane)));
        if (!report.groups().isEmpty()) {
            ArrayNode groups = tree.putArray("groups");
            report.groups().forEach(group -> groups.add(tree("group", group)));
        }
        addCounts(tree, report);
        return tree;
    }

    /** Returns the report as a tree, without its lanes and groups. */
    public static ObjectNode summary(WorkerReport report) {
        ObjectNode tree = head(report);
        addCounts(tree, report);
        return tree;
    }

    private static ObjectNode head(WorkerReport report) {
        return JSON.createObjectNode()
                .put("v", VERSION)
                .put("seq", report.sequence())
                .put("version", report.version())
                .put("host", report.host())
                .put("started", report.started().toString())
                .put("valid_ms", report.validity().toMillis())
                .put("bundles", report.bundles())
                .put("width", report.width());
    }

    private static void addCounts(ObjectNode tree, WorkerReport report) {
        if (report.cancelled().requests() > 0) {
            tree.set("cancelled", tree(report.cancelled()));
        }
        if (!report.calls().equals(CallsReport.NONE)) {
            tree.putObject("calls")
                    .put("answered", report.calls().answered())
                    .put("rate_limited", report.calls().rateLimited())
                    .put("failed", report.calls().failed());
        }
        if (report.heap().max() > 0) {
            tree.putObject("heap")
                    .put("used", report.heap().used())
                    .put("max", report.heap().max());
        }
    }

    /** Returns what was cancelled, as it is in a report. */
    public static ObjectNode tree(CancelledReport cancelled) {
        return JSON.createObjectNode()
                .put("requests", cancelled.requests())
                .put("spared_calls", cancelled.calls())
                .put("spared_tokens", cancelled.tokens());
    }

    /** Returns a lane as it is in a report, as a tree to which more may be added. */
    public static ObjectNode tree(LaneReport lane) {
        return tree("model", lane);
    }

    /**
     * Returns a lane, or a group as if it were one, as it is in a report.
     *
     * @param key the key of the name: {@code model} or {@code group}
     */
    public static ObjectNode tree(String key, LaneReport lane) {
        ObjectNode tree = JSON.createObjectNode().put(key, lane.model()).put("state", lane.state());
        if (!lane.cause().isEmpty()) {
            tree.put("cause", lane.cause());
        }
        tree.put("waiting", lane.waiting()).put("in_flight", lane.inFlight());
        if (lane.term() > 0) {
            tree.put("term", lane.term());
        }
        tree.set("requests", tree(lane.requests()));
        tree.set("tokens", tree(lane.tokens()));
        return tree;
    }

    private static ObjectNode tree(BudgetReport budget) {
        ObjectNode tree = JSON.createObjectNode();
        budget.limit().ifPresent(limit -> tree.put("limit", rounded(limit)));
        tree.put("source", budget.source().name().toLowerCase(Locale.ROOT))
                .put("spent", rounded(budget.spent()))
                .put("wanted", rounded(budget.wanted()));
        if (budget.epoch() > 0) {
            tree.put("epoch", budget.epoch());
        }
        if (budget.rejections().calls() > 0) {
            tree.putObject("rejected")
                    .put("epoch", budget.rejections().epoch())
                    .put("calls", budget.rejections().calls())
                    .put("shown", rounded(budget.rejections().shown()));
        }
        return tree;
    }

    private static double rounded(double value) {
        return Double.isFinite(value) ? new BigDecimal(value, ROUNDING).doubleValue() : 0;
    }

    /** Reads the value of a record. Returns empty for what is no report. */
    public static Optional<WorkerReport> decode(byte[] value) {
        if (value.length > MAX_BYTES) {
            return Optional.empty();
        }
        try {
            JsonNode tree = JSON.readTree(value);
            if (!tree.isObject() || tree.path("v").asInt(0) < 1) {
                return Optional.empty();
            }
            int bundles = Math.max(0, tree.path("bundles").asInt(0));
            return Optional.of(new WorkerReport(
                    tree.path("seq").asLong(0),
                    tree.path("version").asString(""),
                    tree.path("host").asString(""),
                    instant(tree.path("started").asString("")),
                    validity(tree.path("valid_ms").asLong(0)),
                    bundles,
                    Math.max(bundles, tree.path("width").asInt(0)),
                    lanes("model", tree.path("lanes")),
                    lanes("group", tree.path("groups")),
                    cancelled(tree.path("cancelled")),
                    calls(tree.path("calls")),
                    new HeapReport(
                            count(tree.path("heap").path("used")),
                            count(tree.path("heap").path("max")))));
        } catch (JacksonException | DateTimeException foreign) {
            return Optional.empty();
        }
    }

    private static CancelledReport cancelled(JsonNode tree) {
        return new CancelledReport(
                count(tree.path("requests")), count(tree.path("spared_calls")), count(tree.path("spared_tokens")));
    }

    private static CallsReport calls(JsonNode tree) {
        return new CallsReport(
                count(tree.path("answered")), count(tree.path("rate_limited")), count(tree.path("failed")));
    }

    private static Instant instant(String text) {
        return text.isEmpty() ? Instant.EPOCH : Instant.parse(text);
    }

    private static Duration validity(long millis) {
        return Duration.ofMillis(Math.max(0, Math.min(MAX_VALIDITY.toMillis(), millis)));
    }

    private static List<LaneReport> lanes(String key, JsonNode trees) {
        List<LaneReport> lanes = new ArrayList<>();
        for (JsonNode tree : trees) {
            if (lanes.size() < MAX_LANES) {
                lanes.add(new LaneReport(
                        tree.path(key).asString(""),
                        tree.path("state").asString(""),
                        tree.path("cause").asString(""),
                        Math.max(0, tree.path("waiting").asInt(0)),
                        Math.max(0, tree.path("in_flight").asInt(0)),
                        budget(tree.path("requests")),
                        budget(tree.path("tokens")),
                        count(tree.path("term"))));
            }
        }
        return lanes;
    }

    private static BudgetReport budget(JsonNode tree) {
        double limit = positive(tree.path("limit"));
        return new BudgetReport(
                limit > 0 ? OptionalDouble.of(limit) : OptionalDouble.empty(),
                source(tree.path("source").asString("")),
                positive(tree.path("spent")),
                positive(tree.path("wanted")),
                count(tree.path("epoch")),
                rejections(tree.path("rejected")));
    }

    private static Rejections rejections(JsonNode tree) {
        return new Rejections(
                count(tree.path("epoch")), Math.max(0, tree.path("calls").asInt(0)), positive(tree.path("shown")));
    }

    private static long count(JsonNode number) {
        return Math.max(0, Math.min(MAX_COUNT, number.asLong(0)));
    }

    private static double positive(JsonNode number) {
        double value = number.asDouble(0);
        return value > 0 && Double.isFinite(value) ? value : 0;
    }

    private static BudgetReport.Source source(String word) {
        for (BudgetReport.Source source : BudgetReport.Source.values()) {
            if (source.name().toLowerCase(Locale.ROOT).equals(word)) {
                return source;
            }
        }
        return BudgetReport.Source.NONE;
    }
}
