package dev.sluice.worker.pace;

import static dev.sluice.worker.pace.LaneTraffic.ok;
import static dev.sluice.worker.pace.LaneTraffic.status;
import static dev.sluice.worker.pace.LaneTraffic.timeout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.intake.Request;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Storms, brown-outs and poisonous requests in minutes to days of virtual time, at the pace of a lane. */
@Tag("simulation")
class LaneTrafficTest {
    private static final int PER_SECOND = 20;
    private static final String LIMIT = PER_SECOND + "/s";
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final double MOST_OF = 0.7;
    /** A request may have this many costly failures where others fail as well, with five attempts. */
    private static final int MOST_COSTLY_CALLS = 15;

    private final Random random = new Random(20_261_129);
    private final LaneTraffic traffic = new LaneTraffic(LIMIT, 7);

    private static boolean isWatched(Request request) {
        return request.input().offset() < LaneTraffic.ORDINARY;
    }

    private Function<Request, CallResult> sometimes(
            double share, CallResult failure, Function<Request, CallResult> otherwise) {
        return request -> random.nextDouble() < share ? failure : otherwise.apply(request);
    }

    private static Function<Request, CallResult> watchedGet(CallResult result) {
        return request -> isWatched(request) ? result : ok();
    }

    private void addWatched(int count) {
        for (int i = 0; i < count; i++) {
            traffic.add(i);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, tokens, ",
        "2, tokens, ",
        "10, tokens, ",
        "40, tokens, ",
        "1, other, ",
        "2, other, ",
        "10, other, ",
        "40, other, ",
        "1, other, 60",
        "2, other, 60",
        "10, other, 60",
        "40, other, 60",
        "10, tokens, 20"
    })
    void requestsThatAreNeverAdmittedSlowNobodyDown(int count, String type, String reset) {
        Map<String, String> headers = reset == null ? Map.of() : Map.of("x-ratelimit-reset", reset);
        CallResult rejected = status(429, "{\"error\":{\"type\":\"" + type + "\"}}", headers);
        traffic.runWithBacklog(MINUTE, request -> ok());
        addWatched(count);

        int answered = traffic.runWithBacklog(Duration.ofMinutes(30), watchedGet(rejected));

        assertThat(answered).isGreaterThan((int) (MOST_OF * 30 * 60 * PER_SECOND));
        assertThat(traffic.dead().values()).allMatch("never_admitted"::equals);
        assertThat(traffic.calls(0)).isLessThan(100);
    }

    @ParameterizedTest
    @CsvSource({"1, tokens", "10, tokens", "1, other", "10, other"})
    void requestsThatAreNeverAdmittedAtTheHeadOfAColdLaneStopNobody(int count, String type) {
        CallResult rejected = status(429, "{\"error\":{\"type\":\"" + type + "\"}}", Map.of("retry-after", "60"));
        addWatched(count);
        traffic.addOrdinary(400);

        assertThat(traffic.run(Duration.ofMinutes(3), watchedGet(rejected))).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 40})
    void everyRequestThatIsNeverAdmittedEnds(int count) {
        CallResult rejected = status(429, "{\"error\":{\"type\":\"tokens\"}}", Map.of());
        addWatched(count);

        traffic.runWithBacklog(Duration.ofHours(3), watchedGet(rejected));

        assertThat(traffic.dead()).hasSize(count).values().allMatch("never_admitted"::equals);
    }

    @ParameterizedTest
    @CsvSource({"0.01, 0.7", "0.2, 0.7", "0.85, 0"})
    void aStormOf429sEndsNobody(double share, double leastPart) {
        CallResult rejected = status(429, "{\"error\":{\"type\":\"other\"}}", Map.of());

        int answered = traffic.runWithBacklog(HOUR, sometimes(share, rejected, request -> ok()));

        assertThat(traffic.dead()).isEmpty();
        assertThat(answered).isGreaterThan((int) (leastPart * (1 - share) * HOUR.toSeconds() * PER_SECOND));
    }

    @ParameterizedTest
    @CsvSource({"0.2, 0", "0.5, 0", "0.7, 0", "0.7, 0.2", "0.9, 0"})
    void inABrownOutNobodyEndsAndMostOfWhatCanPassDoes(double failing, double limited) {
        CallResult overloaded = status(503, "", Map.of());
        CallResult rejected = status(429, "", Map.of());
        Function<Request, CallResult> api = sometimes(limited, rejected, sometimes(failing, overloaded, r -> ok()));
        traffic.runWithBacklog(Duration.ofMinutes(5), api);

        int answered = traffic.runWithBacklog(HOUR, api);

        double possible = (1 - limited) * (1 - failing) * HOUR.toSeconds() * PER_SECOND;
        assertThat(traffic.dead()).isEmpty();
        assertThat(answered).isGreaterThan((int) (MOST_OF * possible));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.02, 0.1, 0.4})
    void anOutageAmong429sEndsNobodyAndIsTriedSeldom(double limited) {
        traffic.runWithBacklog(MINUTE, request -> ok());
        int before = traffic.calls();

        traffic.runWithBacklog(
                Duration.ofMinutes(10), sometimes(limited, status(429, "", Map.of()), r -> status(503, "", Map.of())));

        assertThat(traffic.dead()).isEmpty();
        assertThat(traffic.calls() - before).isLessThan(10 * 60 * PER_SECOND / 5);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.7})
    void atFiftyRequestsADayABrownOutEndsNobody(double failing) {
        for (int i = 0; i < 50 * 60; i++) {
            traffic.addOrdinary(1);
            traffic.run(Duration.ofMinutes(24 * 60 / 50), sometimes(failing, status(503, "", Map.of()), r -> ok()));
        }

        assertThat(traffic.dead()).isEmpty();
        assertThat(traffic.answered()).isGreaterThan(50 * 60 - 10);
    }

    @ParameterizedTest
    @CsvSource({"500, 0.05", "503, 0.5", "502, 0.7"})
    void aRequestThatAlwaysFailsEndsBesideABusyLane(int status, double failing) {
        CallResult failure = status(status, "", Map.of());
        traffic.runWithBacklog(MINUTE, sometimes(failing, failure, r -> ok()));
        addWatched(3);

        traffic.runWithBacklog(
                Duration.ofHours(2), r -> isWatched(r) || random.nextDouble() < failing ? failure : ok());

        assertThat(traffic.dead()).containsOnlyKeys("id-0", "id-1", "id-2");
        assertThat(traffic.mostCalls()).isLessThan(60);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 20})
    void requestsThatAlwaysFailEndInALaneOfTheirOwnBesideABusyOne(int count) {
        addWatched(count);

        for (int i = 0; i < 240; i++) {
            traffic.passInOtherLanes(60);
            traffic.run(MINUTE, request -> status(500, "", Map.of()));
        }

        // Four and more are others to each other: then it is an outage of their model.
        assertThat(traffic.dead()).hasSize(count < 4 ? count : 0);
        assertThat(traffic.mostCalls()).isLessThan(1_000);
    }

    @Test
    void aRequestAloneThatTimesOutEndsWithinItsAttempts() {
        traffic.add(0);

        traffic.run(HOUR, request -> timeout(Duration.ofSeconds(15)));

        assertThat(traffic.dead()).containsEntry("id-0", "attempts_exhausted");
        assertThat(traffic.calls(0)).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 30})
    void whereEveryRequestTakesLongerThanTheTimeOutPaidCallsAreBounded(int count) {
        addWatched(count);

        traffic.run(Duration.ofDays(3), request -> timeout(Duration.ofMinutes(5)));

        assertThat(traffic.dead()).hasSize(count);
        assertThat(traffic.mostCalls()).isLessThanOrEqualTo(MOST_COSTLY_CALLS);
    }

    @ParameterizedTest
    @CsvSource({"403, <html>", "404, 404 page not found", "400, <html>", "405, ''", "421, ''", "308, ''", "302, ''"})
    void whatAnEdgeAnswersToAllEndsNobody(int status, String body) {
        traffic.runWithBacklog(MINUTE, request -> ok());

        traffic.runWithBacklog(HOUR, request -> status(status, body, Map.of()));
        int answered = traffic.runWithBacklog(Duration.ofMinutes(5), request -> ok());

        assertThat(traffic.dead()).isEmpty();
        assertThat(answered).isGreaterThan((int) (MOST_OF * 4 * 60 * PER_SECOND));
    }

    @Test
    void aMistakeThatHitsAllRequestsEndsFew() {
        traffic.runWithBacklog(MINUTE, request -> ok());

        traffic.runWithBacklog(Duration.ofHours(2), request -> status(403, "{\"error\":\"Forbidden\"}", Map.of()));

        assertThat(traffic.dead()).hasSizeLessThan(80);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void requestsThatAnEdgeFiltersEndBesideOthers(int count) {
        addWatched(count);

        traffic.runWithBacklog(Duration.ofMinutes(30), watchedGet(status(403, "<html>blocked</html>", Map.of())));

        assertThat(traffic.dead()).hasSize(count);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data: {\"choices\":[{\"delta\":{\"content\":\"the answer\"}}]}\n\n",
                "{\"choices\":[{\"message\":{\"content\":\"cut",
                "{\"choices\":[]}"
            })
    void aRequestAloneWhoseAnswersAreGeneratedInVainEndsWithinItsAttempts(String body) {
        traffic.add(0);

        traffic.run(Duration.ofDays(1), request -> status(200, body, Map.of()));

        assertThat(traffic.dead()).containsEntry("id-0", "attempts_exhausted");
        assertThat(traffic.calls(0)).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({"400, '{\"error\":{\"message\":\"max_tokens\"}}', 900", "403, <html>blocked</html>, 300"})
    void aLongRunOfRequestsWithOneFaultDelaysTheOthersByMinutes(int status, String body, int count) {
        CallResult rejected = status(status, body, Map.of());
        traffic.runWithBacklog(MINUTE, request -> ok());
        traffic.run(MINUTE, request -> ok());
        addWatched(count);
        traffic.addOrdinary(200);

        assertThat(traffic.run(Duration.ofMinutes(10), watchedGet(rejected))).isEqualTo(200);
    }

    @Test
    void aRequestThatFitsIntoASlidingMinuteIsNotNeverAdmitted() {
        SlidingMinute minute = new SlidingMinute(100_000);
        Function<Request, CallResult> api = request -> minute.admits(isWatched(request) ? 60_000 : 500)
                ? ok()
                : status(429, "{\"error\":{\"type\":\"tokens\"}}", Map.of("retry-after", "20"));
        runAtTwoASecond(Duration.ofMinutes(10), api);
        traffic.add(0);

        runAtTwoASecond(Duration.ofHours(2), api);

        assertThat(traffic.dead()).isEmpty();
        assertThat(traffic.calls(0)).isLessThan(100);
    }

    private void runAtTwoASecond(Duration duration, Function<Request, CallResult> api) {
        for (long second = 0; second < duration.toSeconds(); second++) {
            traffic.addOrdinary(2);
            traffic.run(Duration.ofSeconds(1), api);
        }
    }

    /** A limit of tokens over a minute, as some gateways have it. */
    private final class SlidingMinute {
        private final long limit;
        private final ArrayDeque<long[]> admitted = new ArrayDeque<>();
        private long sum;

        SlidingMinute(long limit) {
            this.limit = limit;
        }

        boolean admits(long tokens) {
            long now = traffic.millis();
            while (!admitted.isEmpty() && now - admitted.peekFirst()[0] > MINUTE.toMillis()) {
                sum -= admitted.removeFirst()[1];
            }
            boolean fits = sum + tokens <= limit;
            if (fits) {
                admitted.addLast(new long[] {now, tokens});
                sum += tokens;
            }
            return fits;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10})
    void aModelThatIsDownOrOverloadedForAnHourCostsAQuietLaneNoRequest(int count) {
        for (CallResult busy : List.of(
                status(503, "{\"error\":{\"message\":\"overloaded\"}}", Map.of()),
                status(429, "{\"error\":{\"type\":\"dynamic_request_limited\"}}", Map.of()))) {
            addWatched(count);
            for (int second = 0; second < HOUR.toSeconds(); second++) {
                traffic.passInOtherLanes(5);
                traffic.run(Duration.ofSeconds(1), request -> busy);
            }
            traffic.run(Duration.ofMinutes(20), request -> ok());
        }

        assertThat(traffic.dead()).isEmpty();
        assertThat(traffic.answered()).isEqualTo(2 * count);
    }

    /** Another worker that wants a little more or less each second must not hide that a lower rate helps nobody. */
    @Test
    void rejectionsAtRandomAreFoundOutWhileTheWorkersPartChanges() {
        int answered = 0;
        int runs = 4;
        for (int seed = 1; seed <= runs; seed++) {
            Random parts = new Random(seed);
            LaneTraffic lane = new LaneTraffic(LIMIT, seed);
            lane.own(1, 4);
            for (int second = 0; second < 600; second++) {
                lane.lend(0.8 + 0.1 * parts.nextDouble());
                answered += lane.runWithBacklog(
                        Duration.ofSeconds(1), r -> parts.nextDouble() < 0.1 ? status(429, "", Map.of()) : ok());
            }
        }

        assertThat(answered).isGreaterThan((int) (0.3 * runs * 600 * PER_SECOND));
    }
}
