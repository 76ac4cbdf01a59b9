package dev.sluice.worker.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplyCacheTest {
    private static final Requests ASKING = Requests.ofModel("m").withHeader(WireHeaders.CACHE, "PT1M");
    private static final Requests EXPRESS =
            ASKING.under(new Assignment(new TopicPartition(new Topics("chat").express(), 0)));

    private final SettableClock clock = new SettableClock(1_000_000);
    private final List<Request> forwarded = new ArrayList<>();
    private final Map<Request, String> answered = new HashMap<>();
    private final ReplyCache cache = cache(1 << 20, Optional.empty());

    @Test
    void forwardsRequestsThatDoNotAsk() {
        Request first = accepted(Requests.ofModel("m"));
        ended(first, "answer");
        Request second = accepted(Requests.ofModel("m"));

        assertThat(forwarded).containsExactly(first, second);
        assertThat(answered).isEmpty();
        assertThat(cache.counts()).isEqualTo(new ReplyCache.Counts(0, 0, 0));
    }

    @Test
    void answersARepeatedRequestFromMemory() {
        ended(accepted(ASKING), "answer");
        clock.pass(Duration.ofSeconds(59));
        Request again = accepted(ASKING);

        assertThat(forwarded).hasSize(1);
        assertThat(answered).containsExactlyEntriesOf(Map.of(again, "answer"));
        assertThat(cache.counts()).isEqualTo(new ReplyCache.Counts(1, 0, 1));
    }

    @Test
    void takesNoAnswerThatIsAsOldAsTheRequestAllows() {
        ended(accepted(ASKING), "answer");
        clock.pass(Duration.ofSeconds(10));

        Request patient = accepted(asking("PT10.001S"));
        Request strict = accepted(asking("PT10S"));

        assertThat(answered).containsOnlyKeys(patient);
        assertThat(forwarded).hasSize(2).contains(strict);
    }

    @Test
    void keepsAnAnswerLongerThanItsOwnRequestWanted() {
        ended(accepted(asking("PT1S")), "answer");
        clock.pass(Duration.ofMinutes(5));

        assertThat(answered).containsOnlyKeys(accepted(asking("PT1H")));
    }

    @Test
    void putsTheLatestAnswerInThePlaceOfAnOlderOne() {
        ended(accepted(ASKING), "old");
        clock.pass(Duration.ofMinutes(2));
        ended(accepted(ASKING), "new");

        assertThat(answered).containsExactlyEntriesOf(Map.of(accepted(ASKING), "new"));
    }

    @Test
    void sharesNothingBetweenTenantsOrBodies() {
        Request leader = accepted(ASKING.withHeader(WireHeaders.TENANT, "a"));
        Request otherTenant = accepted(ASKING.withHeader(WireHeaders.TENANT, "b"));
        Request noTenant = accepted(ASKING);
        Request otherBody = accepted(ASKING.withHeader(WireHeaders.TENANT, "a").saying("else"));
        ended(leader, "answer");

        assertThat(forwarded).containsExactly(leader, otherTenant, noTenant, otherBody);
        assertThat(answered).isEmpty();
    }

    @Test
    void tellsTenantsApartThatAreNoText() {
        byte[][] tenants = {{(byte) 0xfe}, {(byte) 0xff}};
        for (byte[] tenant : tenants) {
            Requests request = ASKING.withHeader("other", "x");
            request.headers().add(WireHeaders.TENANT, tenant);
            accepted(request);
        }

        assertThat(forwarded).hasSize(2);
    }

    @Test
    void equalRequestsInFlightShareOneCall() {
        Request leader = accepted(ASKING);
        Request follower = accepted(asking("PT1S"));
        Request another = accepted(ASKING.counted(1, 0));
        clock.pass(Duration.ofMinutes(3));
        ended(leader, "answer");

        assertThat(forwarded).containsExactly(leader);
        assertThat(answered).containsExactlyInAnyOrderEntriesOf(Map.of(follower, "answer", another, "answer"));
        assertThat(cache.counts()).isEqualTo(new ReplyCache.Counts(0, 2, 1));
    }

    @Test
    void oneFollowerIsCalledAfterACallWithoutAnAnswerAndTheOthersWaitForIt() {
        Request leader = accepted(ASKING);
        Request second = accepted(ASKING);
        Request third = accepted(ASKING);

        ended(leader, null);
        assertThat(forwarded).containsExactly(leader, second);

        Request newcomer = accepted(ASKING);
        ended(second, "answer");
        assertThat(forwarded).containsExactly(leader, second);
        assertThat(answered).containsOnlyKeys(third, newcomer);
    }

    /** The leader may be the last of a backlog of hours. */
    @Test
    void anExpressRequestFollowsOnlyExpressOnes() {
        Request waiting = accepted(ASKING);
        Request express = accepted(EXPRESS);
        Request anotherExpress = accepted(EXPRESS);
        Request another = accepted(ASKING);
        assertThat(forwarded).containsExactly(waiting, express);

        ended(express, "answer");

        assertThat(answered).containsOnlyKeys(anotherExpress, another);
        ended(waiting, "answer");
        assertThat(answered).hasSize(2);
        assertThat(forwarded).hasSize(2);
    }

    @Test
    void anExpressFollowerIsCalledNextThoughAnotherExpiresFirst() {
        Request leader = accepted(EXPRESS);
        Request soonExpired = accepted(ASKING.timed(0, 0, clock.millis() + 60_000));
        Request follower = accepted(EXPRESS);
        Request last = accepted(EXPRESS);

        ended(leader, null);

        assertThat(forwarded).containsExactly(leader, soonExpired, follower);
        ended(follower, "answer");
        assertThat(answered).containsOnlyKeys(last);
    }

    /** The last of many would else wait for the time-outs of all others. */
    @Test
    void eachFurtherFailureIsFollowedByTwoCalls() {
        for (int i = 0; i < 100; i++) {
            accepted(ASKING);
        }
        List<Integer> called = new ArrayList<>();
        for (int round = 1; round <= 9; round++) {
            List<Request> underWay = List.copyOf(forwarded);
            forwarded.clear();
            underWay.forEach(request -> ended(request, null));
            called.add(forwarded.size());
        }

        assertThat(called).containsExactly(1, 2, 4, 8, 16, 32, 36, 0, 0);
    }

    @Test
    void aRequestThatReturnsAfterItsFailureWaitsForTheNextLeader() {
        Request leader = accepted(ASKING);
        Request second = accepted(ASKING);
        ended(leader, null);
        Request again = accepted(ASKING.counted(1, 0));

        ended(second, "answer");

        assertThat(forwarded).containsExactly(leader, second);
        assertThat(answered).containsOnlyKeys(again);
    }

    @Test
    void theFollowerThatExpiresFirstLeadsNext() {
        Request leader = accepted(ASKING.timed(0, 0, 1_010_000));
        Request patient = accepted(ASKING);
        Request hasty = accepted(ASKING.timed(0, 0, 1_020_000));
        Request between = accepted(ASKING.timed(0, 0, 1_030_000));

        ended(leader, null);
        assertThat(forwarded).containsExactly(leader, hasty);
        clock.pass(Duration.ofSeconds(30));
        ended(hasty, null);
        assertThat(forwarded).containsExactly(leader, hasty, between, patient);
    }

    @Test
    void followersThatAreTakenAreNotAnswered() {
        Request leader = accepted(ASKING);
        Request staying = accepted(ASKING);
        Request taken = accepted(ASKING);
        assertThat(cache.hasFollowers(leader)).isTrue();

        assertThat(cache.takeFollowers(taken::equals)).containsExactly(taken);
        assertThat(cache.hasFollowers(leader)).isTrue();
        ended(leader, "answer");

        assertThat(answered).containsOnlyKeys(staying);
        assertThat(cache.hasFollowers(leader)).isFalse();
        assertThat(cache.hasFollowers(accepted(Requests.ofModel("m")))).isFalse();
    }

    /** The lanes end expired requests. One after another would take a second each. */
    @Test
    void allFollowersThatHaveExpiredAreForwarded() {
        List<Request> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(accepted(ASKING.timed(0, 0, 1_010_000)));
        }
        Request patient = accepted(ASKING);
        clock.pass(Duration.ofSeconds(10));
        ended(all.get(0), null);

        assertThat(forwarded).containsAll(all).contains(patient).hasSize(11);
    }

    @Test
    void noRequestFollowsALeaderThatHasEnded() {
        Request leader = accepted(ASKING);
        ended(leader, null);
        ended(leader, null);

        assertThat(forwarded).containsExactly(leader);
        assertThat(forwarded).contains(accepted(ASKING));
    }

    @Test
    void dropsFollowersOfPartitionsThatLeaveAndForwardsTheOthers() {
        Assignment leaving = Requests.assigned();
        Assignment staying = Requests.assigned();
        Request leader = accepted(ASKING.under(leaving));
        accepted(ASKING.under(leaving));
        Request stays = accepted(ASKING.under(staying));
        Request otherLeader = accepted(ASKING.saying("else").under(staying));
        accepted(ASKING.saying("else").under(leaving));

        cache.withdraw(Set.of(leaving));
        assertThat(forwarded).containsExactly(leader, otherLeader, stays);

        ended(leader, "late");
        ended(otherLeader, "answer");
        assertThat(answered).isEmpty();
        assertThat(forwarded).hasSize(3);
        assertThat(answered).containsOnlyKeys(accepted(ASKING.under(staying)));
    }

    @Test
    void aRequestFollowsNoLeaderThatExpiresLater() {
        Request leader = accepted(ASKING.timed(0, 0, 1_060_000));
        Request hasty = accepted(ASKING.timed(0, 0, 1_030_000));
        Request patient = accepted(ASKING.timed(0, 0, 1_090_000));
        Request forEver = accepted(ASKING);

        assertThat(forwarded).containsExactly(leader, hasty);
        ended(hasty, "answer");
        assertThat(answered).containsOnlyKeys(patient, forEver);
    }

    @Test
    void comparesTheExpiryByMaximumAgeToo() {
        ReplyCache aging = cache(1 << 20, Optional.of(Duration.ofMinutes(10)));
        Request leader = ASKING.timed(900_000, 0, Long.MAX_VALUE).build();
        Request much = ASKING.timed(898_000, 0, Long.MAX_VALUE).build();
        Request little = ASKING.timed(899_500, 0, Long.MAX_VALUE).build();
        Request late = ASKING.timed(800_000, 910_000, Long.MAX_VALUE).build();
        List.of(leader, much, little, late).forEach(aging::accept);

        assertThat(forwarded).containsExactly(leader, much);
        aging.ended(leader, Optional.of("answer".getBytes(UTF_8)));
        assertThat(answered).containsOnlyKeys(little, late);
    }

    @Test
    void forwardsAnExpiredRequestToTheLanes() {
        ended(accepted(ASKING), "answer");
        Request expired = accepted(ASKING.timed(0, 0, 1_000_000));

        assertThat(forwarded).contains(expired);
        assertThat(answered).isEmpty();
    }

    @Test
    void storesNoMoreThanItsBytes() {
        ReplyCache small = cache(10_000, Optional.empty());
        String answer = "x".repeat(2_000);
        for (int i = 0; i < 50; i++) {
            Request request = ASKING.saying("question " + i).build();
            small.accept(request);
            small.ended(request, Optional.of(answer.getBytes(UTF_8)));
        }
        forwarded.clear();
        for (int i = 0; i < 50; i++) {
            small.accept(ASKING.saying("question " + i).build());
        }

        assertThat(answered).hasSizeBetween(1, 4);
        assertThat(forwarded).hasSize(50 - answered.size());
    }

    @Test
    void sharesEvenAnAnswerThatIsTooLargeToStore() {
        ReplyCache small = cache(1_000, Optional.empty());
        Request leader = ASKING.build();
        Request follower = ASKING.build();
        small.accept(leader);
        small.accept(follower);
        small.ended(leader, Optional.of(new byte[5_000]));
        Request next = ASKING.build();
        small.accept(next);

        assertThat(answered).containsOnlyKeys(follower);
        assertThat(forwarded).containsExactly(leader, next);
    }

    @Test
    void withoutBytesEveryRequestIsAnOrdinaryOne() {
        ReplyCache off = cache(0, Optional.empty());
        Request first = ASKING.build();
        Request second = ASKING.build();
        off.accept(first);
        off.accept(second);
        off.ended(first, Optional.of(new byte[1]));
        off.accept(ASKING.build());

        assertThat(forwarded).hasSize(3);
        assertThat(answered).isEmpty();
        assertThat(off.counts()).isEqualTo(new ReplyCache.Counts(0, 0, 0));
    }

    private ReplyCache cache(long maxBytes, Optional<Duration> maxAge) {
        return new ReplyCache(
                maxBytes,
                maxAge,
                clock,
                forwarded::add,
                (request, body) -> assertThat(answered.put(request, new String(body, UTF_8)))
                        .isNull());
    }

    private static Requests asking(String duration) {
        return Requests.ofModel("m").withHeader(WireHeaders.CACHE, duration);
    }

    private Request accepted(Requests request) {
        Request built = request.build();
        cache.accept(built);
        return built;
    }

    /** @param answer null if the call gave none */
    private void ended(Request request, @Nullable String answer) {
        cache.ended(request, Optional.ofNullable(answer).map(text -> text.getBytes(UTF_8)));
    }
}
