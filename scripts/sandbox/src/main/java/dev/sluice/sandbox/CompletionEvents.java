package dev.sluice.sandbox;

import dev.sluice.sandbox.ApiFault.Reply;
import dev.sluice.sandbox.PlannedAnswer.Delivery;
import dev.sluice.sandbox.PlannedAnswer.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import tools.jackson.databind.node.ObjectNode;

/** Makes the server-sent events of a completion, a chunk for each token. */
final class CompletionEvents {
    private static final int CHARACTERS_PER_TOKEN = 4;
    private static final String DONE = "[DONE]";
    private static final String ERROR = "{\"error\":{\"message\":\"The server is overloaded or not ready yet\","
            + "\"type\":\"overloaded_error\",\"param\":null,\"code\":503}}";

    private CompletionEvents() {}

    /** Returns true if an answer with this ending comes as a stream where one is asked for. */
    static boolean areIn(Reply ending) {
        return switch (ending) {
            case NORMAL, EMPTY, HANG, HANG_BODY, CUT, CUT_BODY, ERROR_EVENT, ENDS_EARLY, NO_DONE -> true;
            case ZIPPED, NOT_JSON, NO_CHOICES, NOT_STREAMED -> false;
        };
    }

    static PlannedAnswer answer(
            ApiFault fault,
            ObjectNode completion,
            boolean withUsage,
            Map<String, String> headers,
            RandomGenerator random) {
        Reply ending = (Reply) fault.ending();
        List<Event> events = new ArrayList<>();
        for (String data : sent(ending, completion, withUsage)) {
            boolean isFirst = events.isEmpty();
            Duration gap = isFirst || fault.pace() == null
                    ? Duration.ZERO
                    : fault.pace().draw(random);
            events.add(Event.of(gap, "data: " + data + "\n\n"));
        }
        return PlannedAnswer.events(headers, events, delivery(ending));
    }

    private static List<String> sent(Reply ending, ObjectNode completion, boolean withUsage) {
        List<String> all = new ArrayList<>();
        new CompletionChunks(() -> CHARACTERS_PER_TOKEN, false)
                .of(completion, withUsage)
                .forEach(chunk -> all.add(chunk.toString()));
        List<String> half = new ArrayList<>(all.subList(0, all.size() / 2));
        switch (ending) {
            case HANG_BODY, CUT_BODY, ENDS_EARLY -> {
                return half;
            }
            case ERROR_EVENT -> {
                half.add(ERROR);
                return half;
            }
            case NO_DONE -> {
                return all;
            }
            default -> {
                all.add(DONE);
                return all;
            }
        }
    }

    private static Delivery delivery(Reply ending) {
        return switch (ending) {
            case HANG -> Delivery.HANG;
            case HANG_BODY -> Delivery.HANG_BODY;
            case CUT -> Delivery.CUT;
            case CUT_BODY -> Delivery.CUT_BODY;
            default -> Delivery.WHOLE;
        };
    }
}
