package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.chaos.DoorTry.TryEnd;
import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.RunHistory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DoorCheckTest {
    private static final String ID = "chaos-000001";
    private static final DoorTry GOOD = answered("door1-1", 200, "{\"content\":\"" + ID + "\"}\n");
    private static final DoorTry CUT = new DoorTry("door1-1", 0, 1_000, TryEnd.CUT, 0, "reset");
    private static final DoorTry LEFT = new DoorTry("door1-1", 0, 1_000, TryEnd.LEFT, 0, "gone");

    private static DoorTry answered(String door, int status, String text) {
        return new DoorTry(door, 0, 1_000, TryEnd.ANSWERED, status, text);
    }

    private static ApiCall call(long at) {
        return new ApiCall(ID, "w1-1", at, at + 100, 200, true);
    }

    private static RunHistory calls(List<CommitObstacle> obstacles, ApiCall... calls) {
        return new RunHistory(
                List.of(),
                Arrays.asList(calls),
                List.of(),
                List.of(),
                List.of(),
                obstacles,
                Map.of(),
                Map.of(),
                List.of(),
                List.of(),
                0);
    }

    private static List<String> rules(List<DoorTry> tries, RunHistory behind) {
        return DoorCheck.of(new DoorHistory(Map.of(ID, tries), Map.of(), 0, List.of(), Set.of(), behind)).stream()
                .map(Violation::rule)
                .toList();
    }

    @Test
    void anAnswerAfterOneCallIsRight() {
        assertThat(rules(List.of(GOOD), calls(List.of(), call(0)))).isEmpty();
    }

    @Test
    void noAnswerOrAForeignOneIsFound() {
        RunHistory once = calls(List.of(), call(0));

        assertThat(rules(List.of(), once)).containsExactly("no answer");
        assertThat(rules(List.of(CUT), once)).containsExactly("no answer");
        assertThat(rules(List.of(answered("door1-1", 200, "{\"content\":\"chaos-000002\"}")), once))
                .containsExactly("no answer");
        assertThat(rules(List.of(answered("door1-1", 200, "{\"content\":\"" + ID)), once))
                .containsExactly("no answer");
        assertThat(rules(List.of(answered("door1-1", 504, "{\"error\":\"" + ID + "\"}")), once))
                .containsExactly("no answer");
    }

    @Test
    void aStreamIsWholeOrEndsWithAnError() {
        String begun = ": ping\ndata: {\"content\":\"You said: cha\"}\n\n";
        String error = "data: {\"error\":{}}\n\nevent: error\ndata: {\"error\":{}}\n\n";
        String rest = "data: {\"content\":\"" + StreamedEcho.question(ID).substring(3) + "\"}\n\ndata: [DONE]\n\n";
        DoorTry whole = answered("door1-1", 200, begun + rest);
        DoorTry interrupted = new DoorTry("door1-1", 0, 1_000, TryEnd.INTERRUPTED, 200, begun + error);
        RunHistory twice = calls(List.of(), call(0), call(20_000));

        assertThat(rules(List.of(whole), calls(List.of(), call(0)))).isEmpty();
        assertThat(rules(List.of(interrupted, whole), twice)).isEmpty();
        for (String wrong : List.of(begun + begun + rest, begun + "data: [DONE]\n\n", begun + error + rest, begun)) {
            assertThat(rules(List.of(answered("door1-1", 200, wrong), whole), calls(List.of(), call(0))))
                    .containsExactly("wrong stream");
        }
    }

    @Test
    void aClientThatHasWaitedForTooLongIsFound() {
        DoorTry hung = new DoorTry("door1-1", 0, 1_000, TryEnd.TIMED_OUT, 0, "late");

        assertThat(rules(List.of(hung, GOOD), calls(List.of(), call(0)))).containsExactly("hung");
    }

    @Test
    void aCallIsRepeatedForAReasonOnly() {
        RunHistory twice = calls(List.of(), call(0), call(20_000));
        CommitObstacle killed = new CommitObstacle("w1-1", ObstacleCause.KILLED, 50, 50);

        assertThat(rules(List.of(GOOD), twice)).containsExactly("needless call");
        assertThat(rules(List.of(GOOD), calls(List.of(killed), call(0), call(20_000))))
                .isEmpty();
        assertThat(rules(List.of(CUT, GOOD), twice)).isEmpty();
    }

    @Test
    void whatIsQueuedEndsOnce() {
        RunHistory once = new RunHistory(
                List.of(),
                List.of(call(0)),
                List.of(reply("a"), reply("b"), reply("b")),
                List.of(),
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                List.of(),
                List.of(),
                0);
        DoorHistory history = new DoorHistory(Map.of(), Map.of(), 0, List.of(), Set.of("a", "b", "c"), once);

        assertThat(DoorCheck.of(history))
                .extracting(violation -> violation.rule() + " " + violation.subject())
                .containsExactlyInAnyOrder("doubled b", "lost c");
    }

    private static ObservedEnding reply(String id) {
        return new ObservedEnding(new ObservedEnding.Position(false, 0, 0), id, "ok", "", "", 0);
    }

    @Test
    void aTryThatCanJoinTheLastOneIsNoReason() {
        RunHistory twice = calls(List.of(), call(0), call(20_000));
        DoorTry elsewhere = answered("door2-1", 200, "{\"content\":\"" + ID + "\"}");

        assertThat(rules(List.of(LEFT, GOOD), twice)).containsExactly("needless call");
        assertThat(rules(List.of(LEFT, elsewhere), twice)).isEmpty();
    }

    @Test
    void whatADoorDoesWrongIsFound() {
        DoorTry refused = answered("door1-1", 503, "{\"error\":{\"code\":\"shutting_down\"}}");
        DoorHistory history = new DoorHistory(
                Map.of(),
                Map.of(ID, List.of(refused, GOOD)),
                143,
                List.of("door2-1"),
                Set.of(),
                calls(List.of(), call(0)));

        assertThat(DoorCheck.of(history))
                .extracting(Violation::rule)
                .containsExactly("ended by itself", "lost in a drain", "drain");
    }
}
