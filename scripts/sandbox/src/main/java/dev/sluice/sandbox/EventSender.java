package dev.sluice.sandbox;

import com.sun.net.httpserver.HttpExchange;
import dev.sluice.sandbox.PlannedAnswer.Delivery;
import dev.sluice.sandbox.PlannedAnswer.Event;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Sends the events of one stream, each when it is due. No thread waits meanwhile. Not thread-safe. */
final class EventSender {
    private final HttpExchange exchange;
    private final PlannedAnswer answer;
    private final @Nullable Duration edgeTimeout;
    private final Delays delays;
    private final Ends ends;
    private @Nullable OutputStream body;

    /** Runs tasks later, on a thread that may block. */
    interface Delays {
        void runAfter(Duration delay, Runnable task);
    }

    /** Learns how the stream ends. */
    interface Ends {
        /** Runs before the last byte is sent, and again if the caller is gone by then. */
        void ending(boolean isWhole);

        /** Runs after the last byte was sent, or once the caller is gone. */
        void ended(boolean isWhole);
    }

    /** @param edgeTimeout the silence after which the edge cuts the stream, or null if it never does */
    EventSender(HttpExchange exchange, PlannedAnswer answer, @Nullable Duration edgeTimeout, Delays delays, Ends ends) {
        this.exchange = exchange;
        this.answer = answer;
        this.edgeTimeout = edgeTimeout;
        this.delays = delays;
        this.ends = ends;
    }

    void start() {
        try {
            body = HttpPort.beginEvents(exchange, answer, isCut());
            sendFrom(0, true);
        } catch (IOException e) {
            cut();
        }
    }

    private boolean isCut() {
        return answer.delivery() == Delivery.CUT_BODY
                || (edgeTimeout != null && answer.delivery() == Delivery.HANG_BODY)
                || answer.events().stream().anyMatch(event -> isTooLong(event.gap()));
    }

    private boolean isTooLong(Duration gap) {
        return edgeTimeout != null && gap.compareTo(edgeTimeout) >= 0;
    }

    private void sendFrom(int index, boolean isDue) {
        List<Event> events = answer.events();
        for (int next = index; next < events.size(); next++) {
            Event event = events.get(next);
            boolean waits = !event.gap().isZero() && !(isDue && next == index);
            if (waits) {
                wait(next, event.gap());
                return;
            }
            if (!send(event, next == events.size() - 1)) {
                return;
            }
        }
        end();
    }

    private void wait(int index, Duration gap) {
        if (isTooLong(gap)) {
            delays.runAfter(Objects.requireNonNull(edgeTimeout), this::cut);
        } else {
            delays.runAfter(gap, () -> sendFrom(index, true));
        }
    }

    private boolean send(Event event, boolean isLast) {
        try {
            if (isLast && answer.delivery() != Delivery.HANG_BODY) {
                ends.ending(answer.delivery() == Delivery.WHOLE);
            }
            body.write(event.bytes());
            body.flush();
            return true;
        } catch (IOException e) {
            cut();
            return false;
        }
    }

    private void end() {
        if (answer.delivery() == Delivery.HANG_BODY) {
            if (edgeTimeout != null) {
                delays.runAfter(edgeTimeout, this::cut);
            }
            return;
        }
        exchange.close();
        ends.ended(answer.delivery() == Delivery.WHOLE);
    }

    private void cut() {
        ends.ending(false);
        ends.ended(false);
        exchange.close();
    }
}
