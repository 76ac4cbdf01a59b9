package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lane that works beside lanes whose calls never end, in a worker with the default number of calls. */
class HungLanesTest {
    private static final int MAX_IN_FLIGHT = 512;
    private static final Assignment BULK = new Assignment(new TopicPartition("chat.requests", 0));
    private static final Assignment EXPRESS = new Assignment(new TopicPartition("chat.requests.express", 0));

    private final CallSlots slots = new CallSlots(MAX_IN_FLIGHT);
    private final Lanes lanes = new Lanes(
            100,
            ConfiguredLimits.each(ConfiguredLimit.NONE),
            new AllLanes(slots, Map.of()),
            new VirtualTime(),
            new Lanes.Expiry(request -> false, request -> {}));
    private int inFlight;

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 10, 30, 64})
    void aLaneThatWorksServesAtOnce(int hung) {
        for (int i = 0; i < hung; i++) {
            add("hung-" + i, BULK, 300);
            begun();
        }

        add("works", BULK, 20);
        add("works", EXPRESS, 20);

        assertThat(answers()).as("of 40 requests").hasSize(40);
        assertThat(inFlight).isLessThanOrEqualTo(MAX_IN_FLIGHT);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 10, 30})
    void itServesAtOnceBesideLanesThatHangWithExpressToo(int hung) {
        for (int i = 0; i < hung; i++) {
            add("hung-" + i, i % 2 == 0 ? EXPRESS : BULK, 300);
            begun();
            add("hung-" + i, i % 2 == 0 ? BULK : EXPRESS, 300);
            begun();
        }

        add("works", BULK, 20);
        assertThat(answers()).hasSize(20);
        add("works", EXPRESS, 20);
        assertThat(answers()).hasSize(20);
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 64})
    void severalExpressCallsFindRoomAtATime(int hung) {
        for (int i = 0; i < hung; i++) {
            add("hung-" + i, BULK, 300);
            begun();
        }

        add("chat", EXPRESS, 20);

        assertThat(begun()).hasSizeGreaterThanOrEqualTo(8);
    }

    /** Ends all calls that the lane which works can begin, until it can begin none. */
    private List<Request> answers() {
        List<Request> answers = new ArrayList<>();
        for (List<InFlightCall> begun = begun(); !begun.isEmpty(); begun = begun()) {
            for (InFlightCall call : begun) {
                assertThat(call.request().model()).isEqualTo("works");
                call.lane().ended(call, CallFeedback.PASSED);
                inFlight--;
                answers.add(call.request());
            }
        }
        return answers;
    }

    private List<InFlightCall> begun() {
        List<InFlightCall> begun = new ArrayList<>();
        for (InFlightCall call = next(); call != null; call = next()) {
            call.connecting().run();
            begun.add(call);
        }
        inFlight += begun.size();
        assertThat(inFlight).isLessThanOrEqualTo(MAX_IN_FLIGHT);
        return begun;
    }

    private InFlightCall next() {
        return lanes.poll();
    }

    private void add(String model, Assignment from, int count) {
        for (int i = 0; i < count; i++) {
            Request request = Requests.ofModel(model).under(from).build();
            lanes.of(request).add(request);
        }
    }
}
