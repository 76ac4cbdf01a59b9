package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuspicionTest {
    private static final String HEADER = "failed=1 limited=20 alone=3 costly=4";
    private static final int MAX = 1_000_000;

    @Test
    void theHeaderIsReadAsItWasWritten() {
        Suspicion suspicion = new Suspicion(1, 20, 3, 4);

        assertThat(suspicion.header()).isEqualTo(HEADER);
        assertThat(read(HEADER, 1, 0)).isEqualTo(suspicion);
        assertThat(read(HEADER, 0, 1)).isEqualTo(suspicion);
        assertThat(read(Suspicion.NONE.header(), 1, 1)).isEqualTo(Suspicion.NONE);
    }

    @Test
    void aRecordThatWasNeverCalledHasNoneWhateverItsProducerWrites() {
        assertThat(read(HEADER, 0, 0)).isEqualTo(Suspicion.NONE);
    }

    @Test
    void aRecordWithoutTheHeaderHasNone() {
        assertThat(Suspicion.of(Requests.ofModel("m").counted(3, 3).input())).isEqualTo(Suspicion.NONE);
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
        assertThat(read(header, 5, 5)).isEqualTo(Suspicion.NONE);
    }

    @Test
    void everyNumberIsBounded() {
        Suspicion most = new Suspicion(MAX, MAX, MAX, MAX);

        assertThat(read("failed=9999999 limited=9999999 alone=9999999 costly=9999999", 1, 0))
                .isEqualTo(most);
        assertThat(most.plusFailed(300, true)).isEqualTo(new Suspicion(MAX, 0, 0, MAX));
        assertThat(most.plusLimited(300, true)).isEqualTo(most);
        assertThat(read(most.plusLimited(300, true).header(), 1, 0)).isEqualTo(most);
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "true, 1"})
    void aFailureAddsItsEvidence(boolean mayHaveCost, int costly) {
        assertThat(Suspicion.NONE.plusFailed(161, mayHaveCost)).isEqualTo(new Suspicion(161, 0, 0, costly));
        assertThat(new Suspicion(1, 2, 3, 4).plusFailed(0, mayHaveCost)).isEqualTo(new Suspicion(1, 0, 0, 4 + costly));
    }

    @Test
    void onlyCallsThatWereSentAloneAreCounted() {
        Suspicion twice = Suspicion.NONE.plusLimited(161, true).plusLimited(10, true);

        assertThat(twice).isEqualTo(new Suspicion(0, 171, 2, 0));
        assertThat(twice.plusLimited(0, false)).isEqualTo(twice);
    }

    @Test
    void aFailureOfAnotherKindShowsThatTheLimitIsNotTheCause() {
        assertThat(new Suspicion(0, 171, 2, 0).plusFailed(5, false)).isEqualTo(new Suspicion(5, 0, 0, 0));
    }

    @Test
    void aRequestWantsToBeAloneOnceItsRateLimitsAreSuspicious() {
        assertThat(new Suspicion(MAX, Suspicion.ENOUGH - 1, 0, 0).wantsToBeAlone())
                .isFalse();
        assertThat(new Suspicion(0, Suspicion.ENOUGH, 0, 0).wantsToBeAlone()).isTrue();
    }

    private static Suspicion read(String header, int attempts, int deferrals) {
        return Suspicion.of(Requests.ofModel("m")
                .withHeader(WireHeaders.SUSPICION, header)
                .counted(attempts, deferrals)
                .input());
    }
}
