package dev.sluice.worker.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.status.RequestTrace;
import dev.sluice.worker.status.TracedRecord;
import dev.sluice.worker.status.TracedRecord.Kind;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestTraceTableTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant AGO = NOW.minusSeconds(184);
    private static final PoolReading NOBODY =
            PoolReading.none(PoolReading.State.SILENT, "no worker has reported for 3s; start one with 'sluice worker'");

    @Test
    void aRequestThatWaitsIsShownWithWhatItsModelWaitsFor() {
        TracedRecord open = request(
                "chat.requests.retry",
                true,
                Map.of(
                        WireHeaders.ENQUEUED_AT,
                        Long.toString(AGO.toEpochMilli()),
                        WireHeaders.ATTEMPTS,
                        "2",
                        WireHeaders.DEFERRALS,
                        "1",
                        WireHeaders.LAST_ERROR,
                        "503"));
        TracedRecord first = request("chat.requests", false, Map.of());

        assertThat(print(pool("held", "401 invalid_api_key"), open, first))
                .contains("request r-1 waits in chat.requests.retry, published 2026-01-02T03:01:01Z, 3m4s ago;"
                        + " 2 calls failed, put off once, last error 503")
                .contains("maker/model is held at 1 of 1 workers: 401 invalid_api_key; ")
                .containsPattern("(?m)^RECORD +WRITTEN +WHAT IT SAYS +PLACE$")
                .containsPattern("request +2026-01-02T03:01:01Z +maker/model, 2 calls failed, .*, waits here")
                .containsPattern("request +2026-01-02T03:01:01Z +maker/model, done +chat.requests-0@17");
        assertThat(print(pool("limited", ""), open))
                .contains("maker/model is limited: 1,204 of its requests wait in the workers' memory, and 38 are being"
                        + " called");
        assertThat(print(NOBODY, open)).contains("no worker has reported for 3s; start one with 'sluice worker'");
        assertThat(print(new PoolReading(PoolReading.State.ALIVE, Map.of("a", report()), ""), open))
                .contains("no worker tells anything of maker/model yet");
    }

    @Test
    void aDelayedRequestSaysUntilWhen() {
        TracedRecord open = request(
                "chat.requests.delay-10m",
                true,
                Map.of(
                        WireHeaders.NOT_BEFORE,
                        Long.toString(NOW.plusSeconds(500).toEpochMilli())));

        assertThat(print(NOBODY, open))
                .contains("request r-1 is not called before 2026-01-02T03:12:25Z and lies in chat.requests.delay-10m")
                .doesNotContain("no worker");
    }

    @Test
    void endingsSayWhenAndWhy() {
        assertThat(print(
                        NOBODY,
                        reply(Map.of(
                                WireHeaders.STATUS,
                                "ok",
                                WireHeaders.QUEUED_MS,
                                "63000",
                                WireHeaders.CALL_MS,
                                "1200"))))
                .contains("request r-1 was answered 2026-01-02T03:01:01Z, 3m4s ago, after 1m3s in the queue and a call"
                        + " of 1s200ms; the reply is in chat.replies")
                .containsPattern("reply +2026-01-02T03:01:01Z +answered +chat.replies-0@17");
        assertThat(print(
                        NOBODY,
                        record(
                                Kind.DEAD_LETTER,
                                "chat.requests.dead",
                                false,
                                Map.of(WireHeaders.REASON, "rejected", WireHeaders.HTTP_STATUS, "400"))))
                .contains("request r-1 failed for good 2026-01-02T03:01:01Z, 3m4s ago: rejected, 400")
                .contains("sluice dlq show")
                .containsPattern("dead letter +2026-01-02T03:01:01Z +rejected, 400");
        assertThat(print(NOBODY, reply(Map.of(WireHeaders.STATUS, "failed", WireHeaders.REASON, "cancelled"))))
                .contains("request r-1 was cancelled 2026-01-02T03:01:01Z, 3m4s ago; it has no dead letter");
        assertThat(print(NOBODY, reply(Map.of(WireHeaders.STATUS, "failed", WireHeaders.REASON, "expired"))))
                .contains("request r-1 ended without an answer 2026-01-02T03:01:01Z, 3m4s ago: expired;");
        assertThat(print(NOBODY, request("chat.requests", false, Map.of())))
                .contains("request r-1 has ended; its reply is no longer kept, or lies in a topic that was not read");
    }

    @Test
    void whatWasNotFoundOrNotReadIsSaidAndForeignTextIsEscaped() {
        assertThat(print(NOBODY))
                .contains("request r-1 has no record; is the id right?")
                .doesNotContain("RECORD");
        assertThat(print(new RequestTrace(
                        "r\u001b[2J", List.of(reply(Map.of())), true, List.of("topic x could not be read"))))
                .contains("request r\\u001b[2J ", "there are more records of this id", "problem: topic x could not")
                .doesNotContain("\u001b");
    }

    private static TracedRecord request(String topic, boolean isOpen, Map<String, String> headers) {
        return record(Kind.REQUEST, topic, isOpen, headers);
    }

    private static TracedRecord reply(Map<String, String> headers) {
        return record(Kind.REPLY, "chat.replies", false, headers);
    }

    private static TracedRecord record(Kind kind, String topic, boolean isOpen, Map<String, String> headers) {
        return new TracedRecord(kind, topic, topic + "-0@17", AGO, isOpen, "maker/model", headers);
    }

    private static PoolReading pool(String state, String cause) {
        LaneReport lane = new LaneReport("maker/model", state, cause, 1_204, 38, BudgetReport.NONE, BudgetReport.NONE);
        return new PoolReading(PoolReading.State.ALIVE, Map.of("a", report(lane)), "");
    }

    private static WorkerReport report(LaneReport... lanes) {
        return new WorkerReport(1, "1", "h", NOW, Duration.ofSeconds(3), 1, 12, List.of(lanes));
    }

    private static String print(PoolReading pool, TracedRecord... records) {
        return print(new RequestTrace("r-1", List.of(records), false, List.of()), pool);
    }

    private static String print(RequestTrace trace) {
        return print(trace, NOBODY);
    }

    private static String print(RequestTrace trace, PoolReading pool) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        RequestTraceTable.print(new PrintStream(out, true, UTF_8), trace, pool, NOW);
        return out.toString(UTF_8);
    }
}
