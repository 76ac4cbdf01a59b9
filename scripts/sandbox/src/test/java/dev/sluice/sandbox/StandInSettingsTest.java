package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StandInSettingsTest {
    @Test
    void hasTheseDefaults() {
        String expected = """
                {"access":{"apiKeys":[],"models":[],"refuseLibraryAgents":true},
                 "answers":{"latency":"0ms","edgeTimeout":"100000ms","completionTokens":null,"warnings":[]},
                 "limits":{"perModel":{"kind":"SLIDING_WINDOW","requestsPerSecond":null,"tokensPerSecond":null,
                   "window":"1000ms","requestsCap":null,"tokensCap":null,"period":"3600000ms"},
                   "models":{},"shared":false,"headers":"ON_429","reset":null,"retryAfter":null,"refusalType":null},
                 "errors":{"errorType":"ABSENT","id":false},"faults":[],"seed":0}
                """;

        assertThat(StandInSettings.DEFAULT.toJson().replaceAll("\\s", "")).isEqualTo(expected.replaceAll("\\s", ""));
    }

    @Test
    void everySettingIsReadFromJson() {
        StandInSettings read = StandInSettings.DEFAULT.patched("""
                {"access":{"apiKeys":["k"],"models":["m"],"refuseLibraryAgents":false},
                 "answers":{"latency":"1ms..2ms","edgeTimeout":null,"completionTokens":9,"warnings":["w"]},
                 "limits":{"perModel":{"requestsPerSecond":5},"models":{"m":{"kind":"token_bucket","window":"2s"}},
                   "headers":"all","reset":1.5,"retryAfter":2,"refusalType":"credit_limit"},
                 "errors":{"errorType":"beside","id":true},
                 "faults":[{"fault":"hang","next":3}],"seed":7}
                """);

        assertThat(read)
                .isEqualTo(StandInSettings.DEFAULT
                        .withApiKeys("k")
                        .withModels("m")
                        .withRefuseLibraryAgents(false)
                        .withLatency(LatencyModel.parse("1ms..2ms"))
                        .withCompletionTokens(9)
                        .withWarnings("w")
                        .withLimit(RateLimit.requests(5))
                        .withLimit(
                                "m",
                                RateLimit.NONE
                                        .withKind(RateLimitKind.TOKEN_BUCKET)
                                        .withWindow(Duration.ofSeconds(2)))
                        .withHeaders(HeaderMode.ALL)
                        .withHints(1.5, 2.0)
                        .withRefusalType("credit_limit")
                        .withErrors(ErrorTypePlace.BESIDE, true)
                        .withFaults(FaultRule.next(3, ApiFault.of(ApiFault.Reply.HANG)))
                        .withSeed(7));
        assertThat(read.toJson()).contains("***").doesNotContain("\"k\"");
        assertThat(read.withEdgeTimeout(null)).isNotEqualTo(read);
        assertThat(StandInSettings.DEFAULT.patched(read.withApiKeys().toJson())).isEqualTo(read.withApiKeys());
    }

    @Test
    void aPatchChangesOnlyItsKeysAndNullIsTheDefault() {
        StandInSettings before = StandInSettings.DEFAULT
                .withApiKeys("secret")
                .withLimit("m", RateLimit.sliding(5.0, 6.0))
                .withHints(1.0, null)
                .withFaults(FaultRule.next(3, ApiFault.of(ApiFault.Reply.HANG)));

        StandInSettings after = before.patched(
                "{\"limits\":{\"reset\":null,\"headers\":\"NONE\",\"models\":{\"m\":{\"requestsPerSecond\":9}}}}");

        assertThat(after)
                .isEqualTo(before.withHints(null, null)
                        .withHeaders(HeaderMode.NONE)
                        .withLimit("m", RateLimit.sliding(9.0, 6.0)));
        assertThat(after.faults()).isSameAs(before.faults());
        assertThat(after.patched("{\"limits\":{\"models\":{\"m\":null}}}")
                        .limits()
                        .models())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"limts":{}}                                     | unknown key 'limts'; did you mean 'limits'?
            {"limits":{"perModel":{"requestPerSecond":1}}}   | did you mean 'requestsPerSecond'?
            {"limits":{"perModel":{"requestsPerSecond":-1}}} | limits.perModel: requestsPerSecond is -1.0
            {"limits":{"headers":"SOME"}}                    | ON_429
            {"limits":{"reset":-2}}                          | reset is -2.0
            {"answers":{"latency":"soon"}}                   | answers.latency: 'soon' is not a duration
            {"answers":{"completionTokens":0}}               | completionTokens is 0
            {"faults":[{"fault":"explode"}]}                 | faults.[0].fault: unknown word 'explode'
            {"faults":[{"probability":0.5}]}                 | a fault rule needs a fault
            {"access":5}                                     | access
            [1]                                              | must be a JSON object
            {"seed":                                         | end-of-input
            """)
    void anInvalidPatchIsExplained(String json, String complaint) {
        assertThatThrownBy(() -> StandInSettings.DEFAULT.patched(json))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint);
    }
}
