package dev.sluice.worker.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.status.RequestTrace.State;
import dev.sluice.worker.status.TracedRecord.Kind;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestTraceTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_000_000);

    @Test
    void whatIsOpenWaitsWhateverHasEndedBefore() {
        assertThat(state(open(10, Map.of()))).isEqualTo(State.WAITING);
        assertThat(state(open(10, Map.of()), letter(5), reply(5, "failed"))).isEqualTo(State.WAITING);
    }

    @Test
    void whatIsDueLaterIsDelayed() {
        String later = Long.toString(NOW.plusSeconds(60).toEpochMilli());
        String earlier = Long.toString(NOW.minusSeconds(60).toEpochMilli());

        assertThat(state(open(10, Map.of("sluice-not-before", later)))).isEqualTo(State.DELAYED);
        assertThat(state(open(10, Map.of("sluice-not-before", earlier)))).isEqualTo(State.WAITING);
        assertThat(state(open(10, Map.of("sluice-not-before", "tomorrow")))).isEqualTo(State.WAITING);
    }

    @Test
    void theLastEndingCounts() {
        assertThat(state(done(1), reply(5, "ok"))).isEqualTo(State.ANSWERED);
        assertThat(state(done(1), letter(5), reply(5, "failed"))).isEqualTo(State.DEAD);
        assertThat(state(letter(5), reply(5, "failed"), done(6), reply(7, "ok")))
                .isEqualTo(State.ANSWERED);
        assertThat(state(reply(4, "ok"), letter(5))).isEqualTo(State.DEAD);
        assertThat(state(done(1), reply(5, "failed"))).isEqualTo(State.FAILED);
    }

    @Test
    void whatIsNoLongerThereIsNotGuessed() {
        assertThat(state(done(1))).isEqualTo(State.ENDED);
        assertThat(state()).isEqualTo(State.UNKNOWN);
    }

    @Test
    void theNewestRecordComesFirst() {
        RequestTrace trace =
                new RequestTrace("r", List.of(done(1), reply(5, "failed"), letter(5), done(3)), false, List.of());

        assertThat(trace.records()).extracting(TracedRecord::kind).startsWith(Kind.REPLY, Kind.DEAD_LETTER);
        assertThat(trace.records())
                .extracting(record -> record.at().getEpochSecond())
                .containsExactly(5L, 5L, 3L, 1L);
    }

    private static State state(TracedRecord... records) {
        return new RequestTrace("r", List.of(records), false, List.of()).state(NOW);
    }

    private static TracedRecord open(long second, Map<String, String> headers) {
        return record(Kind.REQUEST, second, true, headers);
    }

    private static TracedRecord done(long second) {
        return record(Kind.REQUEST, second, false, Map.of());
    }

    private static TracedRecord letter(long second) {
        return record(Kind.DEAD_LETTER, second, false, Map.of());
    }

    private static TracedRecord reply(long second, String status) {
        return record(Kind.REPLY, second, false, Map.of("sluice-status", status));
    }

    private static TracedRecord record(Kind kind, long second, boolean isOpen, Map<String, String> headers) {
        return new TracedRecord(kind, "t", "t-0@" + second, Instant.ofEpochSecond(second), isOpen, "m", headers);
    }
}
