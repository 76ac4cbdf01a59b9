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
 * Compares random operations with a plain model of every request. A request is in one place at any time. It waits only
 * for requests that are called or will be. It gets only an answer that is its own and young enough.
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

    private static final Set<Place> FINAL = Set.of(Place.ANSWERED, Place.ENDED, Place.DROPPED);

    /** The model of one request. It {@code leads} while others of its kind wait for it. */
    private static final class ModelRequest {
        final Request request;
        final String kind;
        final Duration age;
        Place place = Place.WAITS;
        boolean called;
        boolean leads;

        ModelRequest(Request request, String kind, Duration age) {
            this.request = request;
            this.kind = kind;
            this.age = age;
        }
    }

    private record Given(String kind, String body, long at) {}

    private final SettableClock clock = new SettableClock(1_000_000);
    private final List<ModelRequest> models = new ArrayList<>();
    private final List<Given> given = new ArrayList<>();
    private final ReplyCache cache = new ReplyCache(
            1 << 30, Optional.empty(), clock, this::forwarded, (request, body) -> answered(request, body));
    private List<Assignment> assignments =
            new ArrayList<>(List.of(Requests.assigned(), Requests.assigned(), Requests.assigned()));
    private Random random = new Random();
    private long hits;
    private long shared;
    private long misses;
    private boolean arriving;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noRequestIsForgottenAndEveryAnswerIsRight(long seed) {
        random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
            step();
            checkWaitingRequests();
            models.removeIf(model -> FINAL.contains(model.place));
        }
        while (!in(Place.LANE).isEmpty()) {
            in(Place.LANE).forEach(this::endsWithoutAnswer);
        }

        assertThat(in(Place.WAITS)).isEmpty();
        assertThat(in(Place.LANE)).isEmpty();
        assertThat(cache.counts()).isEqualTo(new ReplyCache.Counts(hits, shared, misses));
        assertThat(List.of(hits, shared, misses))
                .allSatisfy(count -> assertThat(count).isGreaterThan(50));
    }

    private void step() {
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3, 4 -> arrives();
            case 5, 6 -> any(Place.LANE).ifPresent(model -> model.called = true);
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
        ModelRequest model = new ModelRequest(request, tenant + text, age);
        models.add(model);
        arriving = true;
        cache.accept(request);
        arriving = false;
    }

    /** Checks that a request forwarded on arrival had no answer to take and no leader to follow. */
    private void forwarded(Request request) {
        ModelRequest model = of(request);
        assertThat(model.place).isEqualTo(Place.WAITS);
        model.place = Place.LANE;
        boolean expired = request.input().expiresAt() <= clock.millis();
        misses += expired && arriving ? 0 : 1;
        if (arriving && !expired) {
            assertThat(given).noneMatch(answer -> isGood(answer, model));
            List<ModelRequest> leaders = leadersOf(model);
            assertThat(leaders)
                    .noneMatch(leader -> leader.request.input().expiresAt()
                            <= request.input().expiresAt());
            model.leads = leaders.isEmpty();
        } else {
            model.leads = !arriving;
        }
    }

    private void answered(Request request, byte[] body) {
        ModelRequest model = of(request);
        assertThat(model.place).isEqualTo(Place.WAITS);
        model.place = Place.ANSWERED;
        Given answer = given.stream()
                .filter(one -> one.body().equals(new String(body, UTF_8)))
                .findAny()
                .orElseThrow();
        assertThat(answer.kind()).isEqualTo(model.kind);
        if (arriving) {
            hits++;
            assertThat(isGood(answer, model)).isTrue();
        } else {
            shared++;
            assertThat(answer.at()).isEqualTo(clock.millis());
        }
    }

    private boolean isGood(Given answer, ModelRequest model) {
        boolean latest = given.stream()
                .noneMatch(other -> other.kind().equals(answer.kind()) && given.indexOf(other) > given.indexOf(answer));
        return latest && answer.kind().equals(model.kind) && clock.millis() - answer.at() < model.age.toMillis();
    }

    private void answers(ModelRequest model) {
        end(model);
        String body = "answer " + given.size();
        given.add(new Given(model.kind, body, clock.millis()));
        cache.ended(model.request, Optional.of(body.getBytes(UTF_8)));
    }

    private void endsWithoutAnswer(ModelRequest model) {
        end(model);
        cache.ended(model.request, Optional.empty());
    }

    private static void end(ModelRequest model) {
        model.place = Place.ENDED;
        model.leads = false;
    }

    /** Puts a request back that is held. It stays in its lane and goes on to lead, unless the lane finds it expired. */
    private void isPutBack(ModelRequest model) {
        model.called = false;
        if (model.request.input().expiresAt() <= clock.millis()) {
            endsWithoutAnswer(model);
        }
    }

    /** Lets time pass. The lanes end requests that they have not called in time. */
    private void timePasses() {
        clock.pass(Duration.ofMillis(random.nextInt(3_000)));
        in(Place.LANE).stream()
                .filter(model -> !model.called && model.request.input().expiresAt() <= clock.millis())
                .forEach(this::endsWithoutAnswer);
    }

    private void leaves() {
        Assignment leaving = assignments.remove(0);
        assignments.add(Requests.assigned());
        List<ModelRequest> theirs = models.stream()
                .filter(model -> model.request.assignment() == leaving)
                .toList();
        theirs.forEach(model -> model.leads = false);
        theirs.stream().filter(model -> model.place == Place.WAITS).forEach(model -> model.place = Place.DROPPED);
        cache.withdraw(Set.of(leaving));
        theirs.stream()
                .filter(model -> model.place == Place.LANE && !model.called)
                .forEach(model -> model.place = Place.DROPPED);
    }

    private void checkWaitingRequests() {
        for (ModelRequest model : in(Place.WAITS)) {
            List<ModelRequest> leaders = leadersOf(model);
            assertThat(leaders).isNotEmpty().allMatch(leader -> leader.place == Place.LANE);
            boolean overdue = clock.millis() - model.request.input().expiresAt() >= SLACK_MILLIS;
            assertThat(overdue && leaders.stream().noneMatch(leader -> leader.called))
                    .isFalse();
        }
    }

    private List<ModelRequest> leadersOf(ModelRequest model) {
        return models.stream()
                .filter(other -> other.leads && other.kind.equals(model.kind))
                .toList();
    }

    private List<ModelRequest> in(Place place) {
        return models.stream().filter(model -> model.place == place).toList();
    }

    private Optional<ModelRequest> any(Place place) {
        List<ModelRequest> there = in(place);
        return there.isEmpty() ? Optional.empty() : Optional.of(there.get(random.nextInt(there.size())));
    }

    private ModelRequest of(Request request) {
        return models.stream()
                .filter(model -> model.request.equals(request))
                .findAny()
                .orElseThrow();
    }
}
