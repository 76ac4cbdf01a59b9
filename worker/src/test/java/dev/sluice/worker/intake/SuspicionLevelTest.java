package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuspicionLevelTest {
    private static final String HEADER = "failed=1 limited=20 alone=3 costly=4";
    private static final int MAX = 1_000_000;

    @Test
    void theHeaderIsReadAsItWasWritten() {
        SuspicionLevel suspicion = new SuspicionLevel(1, 20, 3, 4);

        assertThat(suspicion.header()).isEqualTo(HEADER);
        assertThat(read(HEADER, 1, 0)).isEqualTo(suspicion);
        assertThat(read(HEADER, 0, 1)).isEqualTo(suspicion);
        assertThat(read(SuspicionLevel.NONE.header(), 1, 1)).isEqualTo(SuspicionLevel.NONE);
    }

    @Test
    void aRecordThatWasNeverCalledHasNoneWhateverItsProducerWrites() {
        assertThat(read(HEADER, 0, 0)).isEqualTo(SuspicionLevel.NONE);
    }

    @Test
    void aRecordWithoutTheHeaderHasNone() {
        assertThat(SuspicionLevel.of(Requests.ofModel("m").counted(3, 3).input()))
                .isEqualTo(SuspicionLevel.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "failed=1",
                "failed=1 limited=2 alone=3",
                "failed=1 limited=2 alone=3 costly=4 more=5",
                " failed=1 limited=2 alone=3 costly=4",
                "failed=1 limited=2 alone=3 costly=4\n",
                "failed=1  limited=2 alone=3 costly=4",
                "failed=-1 limited=2 alone=3 costly=4",
                "failed=1.5 limited=2 alone=3 costly=4",
                "failed= limited=2 alone=3 costly=4",
                "failed=12345678 limited=2 alone=3 costly=4",
                "failed=99999999999999999999 limited=2 alone=3 costly=4",
                "failed=\u0661 limited=2 alone=3 costly=4",
                "limited=2 failed=1 alone=3 costly=4",
                "Failed=1 limited=2 alone=3 costly=4"
            })
    void aHeaderThatNoWorkerWritesIsIgnored(String header) {
        assertThat(read(header, 5, 5)).isEqualTo(SuspicionLevel.NONE);
    }

    @Test
    void everyNumberIsBounded() {
        SuspicionLevel most = new SuspicionLevel(MAX, MAX, MAX, MAX);

        assertThat(read("failed=9999999 limited=9999999 alone=9999999 costly=9999999", 1, 0))
                .isEqualTo(most);
        assertThat(most.plusFailed(300, true)).isEqualTo(new SuspicionLevel(MAX, 0, 0, MAX));
        assertThat(most.plusLimited(300, true)).isEqualTo(most);
        assertThat(read(most.plusLimited(300, true).header(), 1, 0)).isEqualTo(most);
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "true, 1"})
    void aFailureAddsItsEvidence(boolean mayHaveCost, int costly) {
        assertThat(SuspicionLevel.NONE.plusFailed(161, mayHaveCost)).isEqualTo(new SuspicionLevel(161, 0, 0, costly));
        assertThat(new SuspicionLevel(1, 2, 3, 4).plusFailed(0, mayHaveCost))
                .isEqualTo(new SuspicionLevel(1, 0, 0, 4 + costly));
    }

    @Test
    void onlyCallsThatWereSentAloneAreCounted() {
        SuspicionLevel twice = SuspicionLevel.NONE.plusLimited(161, true).plusLimited(10, true);

        assertThat(twice).isEqualTo(new SuspicionLevel(0, 171, 2, 0));
        assertThat(twice.plusLimited(0, false)).isEqualTo(twice);
    }

    @Test
    void aFailureOfAnotherKindShowsThatTheLimitIsNotTheCause() {
        assertThat(new SuspicionLevel(0, 171, 2, 0).plusFailed(5, false)).isEqualTo(new SuspicionLevel(5, 0, 0, 0));
    }

    @Test
    void aRequestWantsToBeAloneOnceItsRateLimitsAreSuspicious() {
        assertThat(new SuspicionLevel(MAX, SuspicionLevel.ENOUGH - 1, 0, 0).wantsToBeAlone())
                .isFalse();
        assertThat(new SuspicionLevel(0, SuspicionLevel.ENOUGH, 0, 0).wantsToBeAlone())
                .isTrue();
    }

    private static SuspicionLevel read(String header, int attempts, int deferrals) {
        return SuspicionLevel.of(Requests.ofModel("m")
                .withHeader(WireHeaders.SUSPICION, header)
                .counted(attempts, deferrals)
                .input());
    }
}
