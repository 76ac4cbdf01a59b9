package dev.sluice.worker.cli.status;

import dev.sluice.wire.Reason;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.command.LaneTable;
import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.cli.options.Instants;
import dev.sluice.worker.pool.PoolLane;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.status.RequestTrace;
import dev.sluice.worker.status.TracedRecord;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.text.PrintableText;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Prints for a person where one request is, what it waits for, and what has happened to it. */
final class RequestTraceTable {
    /** The lane that models share if there are too many. */
    private static final String SHARED = "";

    private final PrintStream out;
    private final RequestTrace trace;
    private final PoolReading pool;
    private final Instant now;
    private final RequestTrace.State state;

    private RequestTraceTable(PrintStream out, RequestTrace trace, PoolReading pool, Instant now) {
        this.out = out;
        this.trace = trace;
        this.pool = pool;
        this.now = now;
        this.state = trace.state(now);
    }

    static void print(PrintStream out, RequestTrace trace, PoolReading pool, Instant now) {
        new RequestTraceTable(out, trace, pool, now).print();
    }

    private void print() {
        out.println(PrintableText.line("request " + trace.id() + " " + verdict()));
        advice().ifPresent(advice -> out.println(PrintableText.line(advice)));
        if (!trace.records().isEmpty()) {
            out.println();
            TextTable table = new TextTable("RECORD", "WRITTEN", "WHAT IT SAYS", "PLACE");
            trace.records()
                    .forEach(record ->
                            table.row(kind(record.kind()), record.at(), whatItSays(record), record.position()));
            table.print(out);
        }
        if (trace.isCut() || !trace.problems().isEmpty()) {
            out.println();
        }
        if (trace.isCut()) {
            out.println("there are more records of this id than are shown");
        }
        trace.problems().forEach(problem -> out.println("problem: " + PrintableText.line(problem)));
    }

    private String verdict() {
        return switch (state) {
            case WAITING -> waits(trace.open().orElseThrow());
            case DELAYED -> isDelayed(trace.open().orElseThrow());
            case ANSWERED -> wasAnswered(trace.newest(TracedRecord.Kind.REPLY).orElseThrow());
            case DEAD -> isDead(trace.newest(TracedRecord.Kind.DEAD_LETTER).orElseThrow());
            case FAILED -> hasFailed(trace.newest(TracedRecord.Kind.REPLY).orElseThrow());
            case ENDED -> "has ended; its reply is no longer kept, or lies in a topic that was not read";
            case UNKNOWN -> "has no record; is the id right? What is older than the topics' retention is gone";
        };
    }

    private String waits(TracedRecord open) {
        Instant published = open.number(WireHeaders.ENQUEUED_AT).stream()
                .mapToObj(Instant::ofEpochMilli)
                .findFirst()
                .orElse(open.at());
        return sentence("waits in " + open.topic() + ", published " + when(published), calls(open));
    }

    private String isDelayed(TracedRecord open) {
        Instant due = Instant.ofEpochMilli(open.number(WireHeaders.NOT_BEFORE).orElseThrow());
        return sentence("is not called before " + due + " and lies in " + open.topic(), calls(open));
    }

    private String wasAnswered(TracedRecord reply) {
        return "was answered " + when(reply.at())
                + duration(reply, WireHeaders.QUEUED_MS, ", after %s in the queue")
                + duration(reply, WireHeaders.CALL_MS, " and a call of %s") + "; the reply is in " + reply.topic();
    }

    private static String duration(TracedRecord reply, String header, String words) {
        return reply.number(header).stream()
                .mapToObj(millis -> words.formatted(Durations.format(Duration.ofMillis(millis))))
                .findFirst()
                .orElse("");
    }

    private String isDead(TracedRecord letter) {
        return sentence("failed for good " + when(letter.at()) + ": " + reason(letter), calls(letter));
    }

    private String hasFailed(TracedRecord reply) {
        boolean isCancelled =
                reply.header(WireHeaders.REASON).flatMap(Reason::of).equals(Optional.of(Reason.CANCELLED));
        return (isCancelled ? "was cancelled " : "ended without an answer ") + when(reply.at())
                + (isCancelled ? "" : ": " + reason(reply)) + "; it has no dead letter";
    }

    /** Returns what a person may want to know next. */
    private Optional<String> advice() {
        return switch (state) {
            case WAITING -> Optional.of(model(trace.open().orElseThrow().model()));
            case DEAD ->
                Optional.of("'sluice dlq show ID' shows its dead letter, and 'sluice dlq replay --id ID' replays it");
            case DELAYED, ANSWERED, FAILED, ENDED, UNKNOWN -> Optional.empty();
        };
    }

    /** Says what a request of a model waits for, as far as workers tell. */
    private String model(String model) {
        if (!pool.isRead() || pool.workers().isEmpty()) {
            return pool.problem();
        }
        List<PoolLane> lanes = PoolLane.of(pool.workers());
        return lane(lanes, model)
                .or(() -> lane(lanes, SHARED))
                .map(RequestTraceTable::words)
                .orElse("no worker tells anything of " + LaneTable.model(model) + " yet");
    }

    private static Optional<PoolLane> lane(List<PoolLane> lanes, String model) {
        return lanes.stream().filter(each -> each.total().model().equals(model)).findFirst();
    }

    private static String words(PoolLane lane) {
        if (lane.isStopped()) {
            return StatusTable.stopped(lane);
        }
        return String.format(
                Locale.ROOT,
                "%s is %s: %,d of its requests wait in the workers' memory, and %,d are being called",
                LaneTable.model(lane.total().model()),
                lane.total().state(),
                lane.total().waiting(),
                lane.total().inFlight());
    }

    private static String kind(TracedRecord.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String whatItSays(TracedRecord record) {
        return switch (record.kind()) {
            case REPLY ->
                record.header(WireHeaders.STATUS).orElse("").equals(WireHeaders.OK)
                        ? "answered"
                        : "failed: " + reason(record);
            case DEAD_LETTER -> reason(record);
            case REQUEST -> {
                List<String> parts = new ArrayList<>();
                parts.add(record.model());
                parts.add(times(record, WireHeaders.REPLAYS, count -> "replayed " + often(count)));
                parts.add(calls(record));
                parts.add(record.isOpen() ? "waits here" : "done");
                yield joined(parts.stream());
            }
        };
    }

    private static String reason(TracedRecord record) {
        return joined(Stream.of(WireHeaders.REASON, WireHeaders.HTTP_STATUS)
                .map(name -> record.header(name).orElse("")));
    }

    /** Returns what workers have noted of the calls so far. */
    private static String calls(TracedRecord record) {
        return joined(Stream.of(
                times(record, WireHeaders.ATTEMPTS, count -> count == 1 ? "1 call failed" : count + " calls failed"),
                times(record, WireHeaders.DEFERRALS, count -> "put off " + often(count)),
                record.header(WireHeaders.LAST_ERROR)
                        .map(error -> "last error " + error)
                        .orElse("")));
    }

    private static String times(TracedRecord record, String header, Function<Long, String> words) {
        long count = record.number(header).orElse(0);
        return count == 0 ? "" : words.apply(count);
    }

    private static String often(long count) {
        return count == 1 ? "once" : count + " times";
    }

    private static String joined(Stream<String> parts) {
        return parts.filter(part -> !part.isEmpty()).collect(Collectors.joining(", "));
    }

    private static String sentence(String first, String more) {
        return more.isEmpty() ? first : first + "; " + more;
    }

    private String when(Instant moment) {
        return moment + ", " + Instants.ago(moment, now) + " ago";
    }
}
