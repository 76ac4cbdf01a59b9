package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random requests of models that are in groups, whose calls are counted as plainly as possible. */
class GroupModelTest {
    private static final Duration WINDOW = Duration.ofMillis(1_020);
    private static final List<String> MODELS = List.of("a", "b", "c", "d", "e");
    private static final Map<String, String> LIMITS = Map.of("a+b", "7/s", "b+c+d", "9/s", "all", "20/s");

    private final VirtualTime time = new VirtualTime();
    private final List<Sent> sent = new ArrayList<>();
    private final List<Request> inFlight = new ArrayList<>();
    private long offset;

    private record Sent(String model, long at) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void noGroupSpendsMoreThanItsLimitAndEachRequestIsCalled(long seed) {
        Random random = new Random(seed);
        Pace pace = pace(new ConfiguredLimits(
                Map.of("c", ConfiguredLimit.parse("3/s"), "d", ConfiguredLimit.NONE),
                ConfiguredLimit.UNKNOWN,
                Map.of(
                        "a+b", ConfiguredLimit.parse(LIMITS.get("a+b")),
                        "b+c+d", ConfiguredLimit.parse(LIMITS.get("b+c+d")),
                        "all", ConfiguredLimit.parse(LIMITS.get("all")))));
        int accepted = 0;
        for (int i = 0; i < 6_000; i++) {
            if ((i / 1_000) % 2 == 0 && random.nextInt(3) == 0) {
                pace.accept(request(MODELS.get(random.nextInt(MODELS.size())), 10));
                accepted++;
            }
            end(pace, random);
            time.passNanos(random.nextLong(30_000_000));
            pace.step();
            pace.publishSnapshot();
        }
        for (int i = 0; i < 50_000 && sent.size() < accepted; i++) {
            end(pace, random);
            time.pass(Duration.ofMillis(20));
            pace.step();
        }

        assertThat(sent).hasSize(accepted);
        check("a+b", 7);
        check("b+c+d", 9);
        check("all", 20);
        PlainPace.checkSeconds(sentAt("c"), 3);
    }

    @Test
    void aCallIsChargedToEachGroupAndToNoneIfOneHasNoRoom() {
        Pace pace = pace(new ConfiguredLimits(
                Map.of(),
                ConfiguredLimit.UNKNOWN,
                Map.of("a+b", ConfiguredLimit.parse("2/s"), "all", ConfiguredLimit.parse("50/s"))));
        for (int i = 0; i < 100; i++) {
            pace.accept(request(i % 2 == 0 ? "a" : "b", 10));
        }
        for (int i = 0; i < 100; i++) {
            time.pass(Duration.ofMillis(50));
            pace.step();
            pace.publishSnapshot();
            long since = time.currentTimeNanos() - WINDOW.toNanos();
            long calls = sent.stream().filter(call -> call.at() > since).count();
            assertThat(pace.state().groups())
                    .allSatisfy(group ->
                            assertThat(group.report().requests().limit()).isPresent());
            assertThat(pace.state().groups())
                    .allSatisfy(group -> assertThat(Math.rint(group.requests().perSecond() * WINDOW.toNanos() / 1e9))
                            .as("spent of %s", group.model())
                            .isEqualTo((double) calls));
        }

        assertThat(sent).hasSizeBetween(9, 11);
    }

    /** Small requests would always find room in the window before a large one does. */
    @Test
    void aModelWithLargeRequestsHasItsTurns() {
        Pace pace = pace(new ConfiguredLimits(
                Map.of(), ConfiguredLimit.UNKNOWN, Map.of("a+b", ConfiguredLimit.parse("1000/s,4000 tokens/s"))));
        for (int i = 0; i < 2_000; i++) {
            pace.accept(request("a", 12_000));
            pace.accept(request("b", 100));
        }
        for (int i = 0; i < 6_000; i++) {
            time.pass(Duration.ofMillis(10));
            endAll(pace);
            pace.step();
        }

        assertThat(sentAt("a").size()).isBetween(50, 90);
        assertThat(sentAt("b").size()).isBetween(50, 90);
    }

    /** The turns of others, which are in no group, do not change whose turn it is in the group. */
    @Test
    void modelsOfAGroupTakeTurnsWhateverOthersDo() {
        Pace pace = pace(new ConfiguredLimits(
                Map.of("z", ConfiguredLimit.parse("50/s")),
                ConfiguredLimit.UNKNOWN,
                Map.of("a+b+c", ConfiguredLimit.parse("6/s"))));
        for (int i = 0; i < 3_000; i++) {
            pace.accept(request(List.of("a", "z", "b", "c").get(i % 4), 10));
        }
        for (int i = 0; i < 3_000; i++) {
            time.pass(Duration.ofMillis(10));
            endAll(pace);
            pace.step();
        }

        int each = (sentAt("a").size() + sentAt("b").size() + sentAt("c").size()) / 3;
        assertThat(List.of(sentAt("a").size(), sentAt("b").size(), sentAt("c").size()))
                .allSatisfy(calls -> assertThat(calls).isBetween(each - 1, each + 1));
        assertThat(each).isBetween(56, 60);
    }

    private void check(String group, int perSecond) {
        List<Long> calls = sent.stream()
                .filter(call -> ConfiguredLimits.isInGroup(call.model(), group))
                .map(Sent::at)
                .toList();
        PlainPace.check(calls, perSecond, 2 + perSecond / 10);
        PlainPace.checkSeconds(calls, perSecond);
    }

    private List<Long> sentAt(String model) {
        return sent.stream()
                .filter(call -> call.model().equals(model))
                .map(Sent::at)
                .toList();
    }

    private Pace pace(ConfiguredLimits limits) {
        return new Pace(
                limits,
                new Pace.Bounds(1_000, Map.of(), () -> true),
                time,
                new Pace.Callbacks(request -> false, this::call, request -> {}),
                () -> {});
    }

    private void call(Request request, Runnable onSend) {
        onSend.run();
        sent.add(new Sent(request.model(), time.currentTimeNanos()));
        inFlight.add(request);
    }

    private Request request(String model, int letters) {
        return Requests.ofModel(model).at(++offset).saying("x".repeat(letters)).build();
    }

    private void end(Pace pace, Random random) {
        if (!inFlight.isEmpty() && random.nextInt(3) > 0) {
            pace.ended(inFlight.remove(random.nextInt(inFlight.size())), CallFeedback.PASSED);
        }
    }

    private void endAll(Pace pace) {
        for (Request request : inFlight) {
            long prompt = request.body().length / 4L;
            pace.ended(request, CallFeedback.PASSED.with(Optional.of(new TokenUsage(prompt, 10))));
        }
        inFlight.clear();
    }
}
