package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.ApiFault.Reply;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultRulesOverHttpTest {
    private TogetherStandIn standIn;
    private StandInClient client;

    @BeforeEach
    void start() throws Exception {
        standIn = TogetherStandIn.start();
        client = new StandInClient(standIn.baseUrl());
    }

    @AfterEach
    void close() {
        standIn.close();
    }

    private HttpResponse<String> call(String directive) throws IOException, InterruptedException {
        return client.call("please [stand-in: " + directive + "]");
    }

    @Test
    void directivesApplyInTurnToTheSameBody() throws Exception {
        String text = "status=429 times=2 reset=2] [stand-in: status=500 times=1";

        List<Integer> statuses =
                IntStream.range(0, 4).mapToObj(i -> status(text)).toList();

        assertThat(statuses).containsExactly(429, 429, 500, 200);
        assertThat(status(text + " reset=0.5")).as("another body").isEqualTo(429);
        standIn.clearHistory();
        assertThat(call(text).headers().firstValue("x-ratelimit-reset")).hasValue("2");
    }

    private int status(String directive) {
        try {
            return call(directive).statusCode();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void hintsOfADirectiveAreSentWithAnyStatusInAnyMode() throws Exception {
        standIn.apply(standIn.settings().withHeaders(HeaderMode.NONE));

        var headers = call("status=503 reset=1.25 retry-after=7").headers();

        assertThat(headers.firstValue("x-ratelimit-reset")).hasValue("1.25");
        assertThat(headers.firstValue("retry-after")).hasValue("7");
    }

    @Test
    void anOutageLastsAsLongAsItsRule() throws Exception {
        standIn.apply(standIn.settings().withFaults(FaultRule.always(ApiFault.status(503))));
        assertThat(client.call("x").statusCode()).isEqualTo(503);
        assertThat(client.call("[stand-in: normal]").statusCode())
                .as("directives go first")
                .isEqualTo(200);

        standIn.apply(standIn.settings().withFaults());
        assertThat(client.call("x").statusCode()).isEqualTo(200);
    }

    @Test
    void theNextCallsFailEvenIfOtherSettingsChangeMeanwhile() throws Exception {
        standIn.apply(standIn.settings().withFaults(FaultRule.next(2, ApiFault.status(500))));

        assertThat(client.call("x").statusCode()).isEqualTo(500);
        standIn.update(settings -> settings.patched("{\"answers\":{\"completionTokens\":5}}"));
        assertThat(client.call("x").statusCode()).isEqualTo(500);
        assertThat(client.call("x").statusCode()).isEqualTo(200);
    }

    @Test
    void chanceIsRepeatableBySeed() throws Exception {
        standIn.apply(standIn.settings().withFaults(FaultRule.withProbability(0.5, ApiFault.of(Reply.NOT_JSON))));

        List<String> first = bodies(41);
        List<String> second = bodies(42);
        List<String> again = bodies(41);

        assertThat(first).isEqualTo(again).isNotEqualTo(second);
        assertThat(first).contains("upstream").contains("{");
    }

    /** Returns the beginnings of the bodies. */
    private List<String> bodies(long seed) throws Exception {
        standIn.apply(standIn.settings().withSeed(seed));
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String body = client.call("x").body();
            bodies.add(body.startsWith("{") ? "{" : "upstream");
        }
        return bodies;
    }
}
