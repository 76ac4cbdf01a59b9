package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests limits over HTTP. The windows are an hour long, so that no window ends during a test, however slow the machine
 * is.
 */
class LimitsOverHttpTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final RateLimit ONE_REQUEST = RateLimit.requests(1 / 3600.0).withWindow(HOUR);

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

    private HttpRequest.Builder ofModel(String model) {
        return client.request(StandInClient.body("x").put("model", model).toString());
    }

    private static Set<String> limitHeaders(HttpHeaders headers) {
        return headers.map().keySet().stream()
                .filter(name -> name.startsWith("x-") || name.startsWith("retry"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void aCallAboveTheRequestLimitIsRejectedWithItsWaitingTime() throws Exception {
        standIn.apply(standIn.settings().withLimit(ONE_REQUEST));

        HttpResponse<String> admitted = client.call("one");
        HttpResponse<String> rejected = client.call("two");

        assertThat(admitted.statusCode()).isEqualTo(200);
        assertThat(limitHeaders(admitted.headers())).isEmpty();
        assertThat(rejected.statusCode()).isEqualTo(429);
        assertThat(StandInClient.json(rejected).at("/error/type").stringValue()).isEqualTo("dynamic_request_limited");
        assertThat(limitHeaders(rejected.headers())).containsExactly("x-ratelimit-reset");
        assertThat(Double.parseDouble(
                        rejected.headers().firstValue("x-ratelimit-reset").orElseThrow()))
                .isBetween(3500.0, 3600.0);
    }

    @Test
    void aCallAboveTheTokenLimitHasItsOwnErrorType() throws Exception {
        standIn.apply(standIn.settings().withLimit(RateLimit.tokens(20 / 3600.0).withWindow(HOUR)));

        assertThat(client.call("a text of some length").statusCode()).isEqualTo(200);
        HttpResponse<String> rejected = client.call("a text of some length");

        assertThat(rejected.statusCode()).isEqualTo(429);
        assertThat(StandInClient.json(rejected).at("/error/type").stringValue()).isEqualTo("dynamic_token_limited");
    }

    @Test
    void theTypeAndTheHintsCanBeSet() throws Exception {
        standIn.apply(standIn.settings()
                .withLimit(ONE_REQUEST)
                .withRefusalType("model_rate_limit")
                .withHints(2.5, 3.0));
        client.call("one");

        HttpResponse<String> rejected = client.call("two");

        assertThat(StandInClient.json(rejected).at("/error/type").stringValue()).isEqualTo("model_rate_limit");
        assertThat(rejected.headers().firstValue("x-ratelimit-reset")).hasValue("2.5");
        assertThat(rejected.headers().firstValue("retry-after")).hasValue("3");
    }

    @Test
    void aRejectionHasNoHeadersInModeNone() throws Exception {
        standIn.apply(standIn.settings().withLimit(ONE_REQUEST).withHeaders(HeaderMode.NONE));
        client.call("one");

        HttpResponse<String> rejected = client.call("two");

        assertThat(rejected.statusCode()).isEqualTo(429);
        assertThat(limitHeaders(rejected.headers())).isEmpty();
    }

    @Test
    void allNineHeadersAreOnEveryAnswer() throws Exception {
        RateLimit limit =
                new RateLimit(RateLimitKind.DYNAMIC, 5 / 3600.0, 100.0, HOUR, null, 150.0, Duration.ofMinutes(1));
        standIn.apply(standIn.settings().withLimit(limit).withHeaders(HeaderMode.ALL));
        String[] nine = {
            "x-ratelimit-limit",
            "x-ratelimit-limit-dynamic",
            "x-ratelimit-remaining",
            "x-ratelimit-remaining-dynamic",
            "x-ratelimit-reset",
            "x-tokenlimit-limit",
            "x-tokenlimit-limit-dynamic",
            "x-tokenlimit-remaining",
            "x-tokenlimit-remaining-dynamic"
        };

        HttpHeaders first = client.call("one").headers();
        HttpHeaders second = client.call("[stand-in: status=503]").headers();

        assertThat(limitHeaders(first)).containsExactly(nine);
        assertThat(limitHeaders(second)).containsExactly(nine);
        assertThat(first.firstValue("x-ratelimit-remaining")).hasValue("4");
        assertThat(first.firstValue("x-ratelimit-reset")).hasValue("0");
        assertThat(first.firstValue("x-tokenlimit-limit")).hasValue("100");
        assertThat(first.firstValue("x-ratelimit-limit")).hasValue("0.001");
        assertThat(second.firstValue("x-ratelimit-limit-dynamic"))
                .as("1 success a minute, twice")
                .hasValue("0.033");
    }

    @Test
    void modelsHaveLimitsOfTheirOwnThatChangeWhileItRuns() throws Exception {
        standIn.apply(standIn.settings().withLimit("another", ONE_REQUEST));
        var another = ofModel("another");

        assertThat(client.send(another).statusCode()).isEqualTo(200);
        assertThat(client.send(another).statusCode()).isEqualTo(429);
        assertThat(client.call("x").statusCode()).isEqualTo(200);
        standIn.apply(standIn.settings().withLimit("another", RateLimit.NONE));
        assertThat(client.send(another).statusCode()).isEqualTo(200);
    }

    @Test
    void modelsMayHaveOneLimitInCommon() throws Exception {
        standIn.apply(standIn.settings()
                .withLimit(ONE_REQUEST)
                .withLimit("own", ONE_REQUEST)
                .withSharedLimit(true));

        assertThat(client.call("x").statusCode()).isEqualTo(200);
        assertThat(client.send(ofModel("another")).statusCode()).isEqualTo(429);
        assertThat(client.send(ofModel("own")).statusCode()).isEqualTo(200);
    }

    @Test
    void errorsFromTheEdgeAreNotCharged() throws Exception {
        standIn.apply(standIn.settings().withLimit(ONE_REQUEST));

        assertThat(client.call("[stand-in: status=502]").statusCode()).isEqualTo(502);
        assertThat(client.call("[stand-in: no-choices]").statusCode()).isEqualTo(200);
        assertThat(client.call("[stand-in: no-choices]").statusCode()).isEqualTo(429);
    }
}
