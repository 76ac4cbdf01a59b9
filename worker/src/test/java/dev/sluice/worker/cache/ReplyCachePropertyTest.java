package dev.sluice.worker.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random operations against a plain account of every request: each is in one place at any time, waits only for one that is
 * being called or will be, and gets only an answer that is its own and young enough.
 */
class ReplyCachePropertyTest {
    private static final int STEPS = 2_500;
    private static final long SLACK_MILLIS = 1_000;

    private enum Place {
        WAITS,
        LANE,
        ANSWERED,
        ENDED,
        DROPPED
    }

    private static final Set<Place> OVER = Set.of(Place.ANSWERED, Place.ENDED, Place.DROPPED);

    /** What is known of one request; {@code leads}: it was handed on when nothing else of its kind was. */
    private static final class Account {
        final Request request;
        final String kind;
        final Duration age;
        Place place = Place.WAITS;
        boolean called;
        boolean leads;

        Account(Request request, String kind, Duration age) {
            this.request = request;
            this.kind = kind;
            this.age = age;
        }
    }

    private record Given(String kind, String body, long at) {}

    private final SettableClock clock = new SettableClock(1_000_000);
    private final List<Account> accounts = new ArrayList<>();
    private final List<Given> given = new ArrayList<>();
    private final ReplyCache cache = new ReplyCache(
            1 << 30, Optional.empty(), clock, this::handedOn, (request, body) -> answered(request, body));
    private List<Assignment> assignments =
            new ArrayList<>(List.of(Requests.assigned(), Requests.assigned(), Requests.assigned()));
    private Random random = new Random();
    private long hits;
    private long shared;
    private long misses;
    private boolean arriving;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void nobodyIsForgottenAndEveryAnswerIsRight(long seed) {
        random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
            step();
            checkThoseThatWait();
            accounts.removeIf(account -> OVER.contains(account.place));
        }
        in(Place.LANE).forEach(this::endsWithoutAnswer);
        in(Place.LANE).forEach(this::endsWithoutAnswer);

        assertThat(in(Place.WAITS)).isEmpty();
        assertThat(in(Place.LANE)).isEmpty();
        assertThat(cache.counts()).isEqualTo(new ReplyCache.Counts(hits, shared, misses));
        assertThat(List.of(hits, shared, misses))
                .allSatisfy(count -> assertThat(count).isGreaterThan(50));
    }

    private void step() {
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3, 4 -> arrives();
            case 5, 6 -> any(Place.LANE).ifPresent(account -> account.called = true);
            case 7 -> any(Place.LANE).ifPresent(this::answers);
            case 8 -> any(Place.LANE).ifPresent(this::endsWithoutAnswer);
            case 9 -> any(Place.LANE).ifPresent(this::isPutBack);
            case 10 -> timePasses();
            default -> {
                if (random.nextInt(10) == 0) {
                    leaves();
                }
            }
        }
    }

    private void arrives() {
        String tenant = "tenant " + random.nextInt(2);
        String text = "text " + random.nextInt(2);
        Duration age = Duration.ofMillis(random.nextInt(1, 2_000));
        long expiresAt = random.nextBoolean() ? Long.MAX_VALUE : clock.millis() + random.nextInt(20_000);
        Request request = Requests.ofModel("m")
                .saying(text)
                .withHeader(WireHeaders.TENANT, tenant)
                .withHeader(WireHeaders.CACHE, age.toString())
                .under(assignments.get(random.nextInt(assignments.size())))
                .timed(0, 0, expiresAt)
                .build();
        Account account = new Account(request, tenant + text, age);
        accounts.add(account);
        arriving = true;
        cache.accept(request);
        arriving = false;
    }

    /** Whatever is handed on on arrival had nothing to take and nobody to wait for. */
    private void handedOn(Request request) {
        Account account = of(request);
        assertThat(account.place).isEqualTo(Place.WAITS);
        account.place = Place.LANE;
        boolean over = request.envelope().expiresAt() <= clock.millis();
        misses += over && arriving ? 0 : 1;
        if (arriving && !over) {
            assertThat(given).noneMatch(answer -> isGood(answer, account));
            Optional<Account> leader = accounts.stream()
                    .filter(other -> other.leads && other.kind.equals(account.kind))
                    .findAny();
            leader.ifPresent(one -> assertThat(one.request.envelope().expiresAt())
                    .isGreaterThan(request.envelope().expiresAt()));
            account.leads = leader.isEmpty();
        }
    }

    private void answered(Request request, byte[] body) {
        Account account = of(request);
        assertThat(account.place).isEqualTo(Place.WAITS);
        account.place = Place.ANSWERED;
        Given answer = given.stream()
                .filter(one -> one.body().equals(new String(body, UTF_8)))
                .findAny()
                .orElseThrow();
        assertThat(answer.kind()).isEqualTo(account.kind);
        if (arriving) {
            hits++;
            assertThat(isGood(answer, account)).isTrue();
        } else {
            shared++;
            assertThat(answer.at()).isEqualTo(clock.millis());
        }
    }

    private boolean isGood(Given answer, Account account) {
        boolean latest = given.stream()
                .noneMatch(other -> other.kind().equals(answer.kind()) && given.indexOf(other) > given.indexOf(answer));
        return latest && answer.kind().equals(account.kind) && clock.millis() - answer.at() < account.age.toMillis();
    }

    private void answers(Account account) {
        end(account);
        String body = "answer " + given.size();
        given.add(new Given(account.kind, body, clock.millis()));
        cache.ended(account.request, Optional.of(body.getBytes(UTF_8)));
    }

    private void endsWithoutAnswer(Account account) {
        end(account);
        cache.ended(account.request, Optional.empty());
    }

    private static void end(Account account) {
        account.place = Place.ENDED;
        account.leads = false;
    }

    /** Held: it stays in its lane, but leads nobody any more. */
    private void isPutBack(Account account) {
        account.leads = false;
        account.called = false;
        cache.ended(account.request, Optional.empty());
    }

    /** The lanes let go of what they have not called in time. */
    private void timePasses() {
        clock.pass(Duration.ofMillis(random.nextInt(3_000)));
        in(Place.LANE).stream()
                .filter(account -> !account.called && account.request.envelope().expiresAt() <= clock.millis())
                .forEach(this::endsWithoutAnswer);
    }

    private void leaves() {
        Assignment leaving = assignments.remove(0);
        assignments.add(Requests.assigned());
        List<Account> theirs = accounts.stream()
                .filter(account -> account.request.assignment() == leaving)
                .toList();
        theirs.forEach(account -> account.leads = false);
        theirs.stream()
                .filter(account -> account.place == Place.WAITS)
                .forEach(account -> account.place = Place.DROPPED);
        cache.withdraw(Set.of(leaving));
        theirs.stream()
                .filter(account -> account.place == Place.LANE && !account.called)
                .forEach(account -> account.place = Place.DROPPED);
    }

    private void checkThoseThatWait() {
        for (Account account : in(Place.WAITS)) {
            Optional<Account> leader = accounts.stream()
                    .filter(other -> other.leads && other.kind.equals(account.kind))
                    .findAny();
            assertThat(leader).isPresent();
            assertThat(leader.get().place).isEqualTo(Place.LANE);
            boolean overdue = clock.millis() - account.request.envelope().expiresAt() >= SLACK_MILLIS;
            assertThat(overdue && !leader.get().called).isFalse();
        }
    }

    private List<Account> in(Place place) {
        return accounts.stream().filter(account -> account.place == place).toList();
    }

    private Optional<Account> any(Place place) {
        List<Account> there = in(place);
        return there.isEmpty() ? Optional.empty() : Optional.of(there.get(random.nextInt(there.size())));
    }

    private Account of(Request request) {
        return accounts.stream()
                .filter(account -> account.request.equals(request))
                .findAny()
                .orElseThrow();
    }
}
