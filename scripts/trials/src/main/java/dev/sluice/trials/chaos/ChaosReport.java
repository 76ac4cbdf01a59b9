package dev.sluice.trials.chaos;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sluice.trials.AlignedTable;
import dev.sluice.trials.chaos.check.CheckBounds;
import dev.sluice.trials.chaos.check.NeedlessCallCheck;
import dev.sluice.trials.chaos.check.ProgressCheck;
import dev.sluice.trials.chaos.check.Stall;
import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.FaultRecord;
import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.FaultKind;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Prints the history of a run in figures, and the violations. */
final class ChaosReport {
    private static final int SHOWN = 40;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    private final RunHistory history;
    private final List<Violation> violations;
    private final CheckBounds bounds;
    private final PrintWriter out;
    private final List<Stall> stalls;
    private final List<Stall> plainStalls;

    ChaosReport(RunHistory history, List<Violation> violations, CheckBounds bounds, PrintWriter out) {
        this.history = history;
        this.violations = violations;
        this.bounds = bounds;
        this.out = out;
        this.stalls = ProgressCheck.stalls(history);
        this.plainStalls = Stall.between(history.plainRecords());
    }

    void print() {
        requests();
        calls();
        flow();
        faults();
        verdict();
        out.flush();
    }

    private void requests() {
        Map<String, Long> kinds = new TreeMap<>(history.published().stream()
                .collect(groupingBy(request -> request.request().kind().name().toLowerCase(Locale.ROOT), counting())));
        Map<String, Long> endings =
                new TreeMap<>(history.endings().stream().collect(groupingBy(ChaosReport::word, counting())));
        out.printf(
                "%nrequests   %d published, %d of them express, %d acknowledged: %s%n",
                history.published().size(),
                history.published().stream()
                        .filter(request -> request.request().express())
                        .count(),
                history.published().stream()
                        .filter(PublishedRequest::isAcknowledged)
                        .count(),
                kinds);
        out.printf("endings    %d records: %s%n", history.endings().size(), endings);
        out.printf(
                "overflow   %d requests moved there, one of them %d times%n",
                history.moved().size(),
                history.moved().values().stream().mapToInt(n -> n).max().orElse(0));
        out.printf(
                "workers    %d lives: %s%n",
                history.lives().size(),
                history.lives().stream()
                        .collect(groupingBy(life -> life.end().name().toLowerCase(Locale.ROOT), counting())));
    }

    private static String word(ObservedEnding ending) {
        return (ending.isDead() ? "dead " : "reply ") + (ending.reason().isEmpty() ? "ok" : ending.reason());
    }

    private void calls() {
        Map<String, Long> statuses = new TreeMap<>(history.calls().stream()
                .collect(groupingBy(call -> call.delivered() ? "" + call.status() : "unfinished", counting())));
        out.printf("calls      %d: %s%n", history.calls().size(), statuses);
        Map<ObstacleCause, Integer> causes = new NeedlessCallCheck(bounds).causes(history);
        out.printf(
                "repeated   %d calls after a final answer",
                causes.values().stream().mapToInt(n -> n).sum());
        causes.forEach((cause, count) -> out.printf("; %s: %d", cause.words(), count));
        out.println();
    }

    private void flow() {
        Stall overall = Stall.longest(stalls);
        out.printf(
                "stall    at most %.1f s while requests were due (bound %.0f s), from %s%n",
                overall.millis() / 1e3, bounds.stall() / 1e3, time(overall.from()));
        Stall plain = Stall.longest(plainStalls);
        out.printf(
                "           at most %.1f s of a plain transactional client, from %s%n",
                plain.millis() / 1e3, time(plain.from()));
        out.printf("           by partition (bound %.0f s):", bounds.partitionStall() / 1e3);
        ProgressCheck.longestByPartition(history)
                .forEach((partition, stall) -> out.printf("  %s: %.1f s", partition, stall.millis() / 1e3));
        out.println();
    }

    private void faults() {
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        Map<FaultKind, List<Long>> byKind = new EnumMap<>(FaultKind.class);
        for (FaultRecord made : history.faults()) {
            FaultKind kind = made.fault().kind();
            OptionalLong next = nextEnding(made.endedAt());
            next.ifPresent(millis ->
                    byKind.computeIfAbsent(kind, first -> new ArrayList<>()).add(millis));
            Map<String, String> cells = new LinkedHashMap<>();
            cells.put("kind", kind.words());
            cells.put("target", made.target());
            cells.put("at", time(made.startedAt()));
            cells.put("length", "%.1f s".formatted((made.endedAt() - made.startedAt()) / 1e3));
            cells.put("next ending after", next.isPresent() ? seconds(next.getAsLong()) : "-");
            cells.put("stall", longestDuring(stalls, made));
            cells.put("of a plain client", longestDuring(plainStalls, made));
            rows.put("fault " + made.fault().number(), cells);
        }
        out.printf("%n%s%nfrom a fault's end to the next ending%n%s", AlignedTable.of(rows), recoveries(byKind));
    }

    private static String longestDuring(List<Stall> all, FaultRecord made) {
        return "%.1f s"
                .formatted(Stall.longestDuring(all, made.startedAt(), made.endedAt())
                                .millis()
                        / 1e3);
    }

    private static String recoveries(Map<FaultKind, List<Long>> byKind) {
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        byKind.forEach((kind, millis) -> {
            millis.sort(null);
            Map<String, String> cells = new LinkedHashMap<>();
            cells.put("times", Integer.toString(millis.size()));
            cells.put("p50", seconds(millis.get((millis.size() - 1) / 2)));
            cells.put("max", seconds(millis.get(millis.size() - 1)));
            rows.put(kind.words(), cells);
        });
        return AlignedTable.of(rows);
    }

    private static String seconds(long millis) {
        return "%.2f s".formatted(millis / 1e3);
    }

    private OptionalLong nextEnding(long after) {
        return history.endings().stream()
                .mapToLong(ObservedEnding::seenAt)
                .filter(at -> at >= after)
                .map(at -> at - after)
                .min();
    }

    private void verdict() {
        Map<String, Long> rules = new TreeMap<>(violations.stream().collect(groupingBy(Violation::rule, counting())));
        out.printf("%nviolations %d%s%n", violations.size(), rules.isEmpty() ? "" : ": " + rules);
        violations.stream().limit(SHOWN).forEach(violation -> out.println("  " + violation));
        if (violations.size() > SHOWN) {
            out.printf("  … and %d more in violations.jsonl%n", violations.size() - SHOWN);
        }
    }

    private static String time(long epochMillis) {
        return TIME.format(Instant.ofEpochMilli(epochMillis));
    }
}
