package dev.sluice.sandbox;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.sluice.sandbox.PlannedAnswer.Delivery;
import java.io.IOException;
import java.lang.System.Logger;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Carries calls over HTTP. It reads each call, records it in the history, and sends the planned answer of
 * {@link ChatApi} when it is due. No thread waits meanwhile.
 */
final class ChatEndpoint implements HttpHandler {
    private static final Logger LOG = System.getLogger(ChatEndpoint.class.getName());
    static final String PATH = "/v1/chat/completions";

    private final ChatApi api;
    private final CallHistory history;
    private final Supplier<StandInSettings> settings;
    private final LongSupplier nanoTime;
    private final InstantSource clock;
    private final ScheduledExecutorService timer;
    private final Executor executor;
    private final CallObserver observer;

    ChatEndpoint(StandInParts parts, Supplier<StandInSettings> settings, CallObserver observer) {
        this.api = parts.api();
        this.history = parts.history();
        this.nanoTime = parts.nanoTime();
        this.clock = parts.clock();
        this.timer = parts.timer();
        this.executor = parts.executor();
        this.settings = settings;
        this.observer = observer;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        long nanos = nanoTime.getAsLong();
        ReceivedRequest received = HttpPort.receive(exchange);
        StandInSettings now = settings.get();
        if (exchange.getRequestURI().getPath().equals(SampleModels.PATH)
                && exchange.getRequestMethod().equals("GET")) {
            HttpPort.send(exchange, api.models(received, now));
        } else if (!exchange.getRequestURI().getPath().equals(PATH)) {
            HttpPort.send(exchange, unrouted(404, "Not found", now));
        } else if (!exchange.getRequestMethod().equals("POST")) {
            HttpPort.send(exchange, unrouted(405, "Method not allowed", now));
        } else if (HttpPort.isTooLarge(received)) {
            HttpPort.send(exchange, api.tooLarge(now));
        } else {
            ParsedChatBody request = ParsedChatBody.parse(received.sharedBody());
            CallHistory.Ticket ticket = history.recordArrival(nanos, clock.millis(), request, received);
            OpenCall open = new OpenCall(exchange, ticket, observer.callArrived(received));
            ChatApi.Plan plan = api.plan(received, request, now);
            history.recordCharge(ticket, plan.charged());
            schedule(open, plan, now.answers());
        }
    }

    private record OpenCall(HttpExchange exchange, CallHistory.Ticket ticket, CallObserver.End end) {}

    private static PlannedAnswer unrouted(int status, String message, StandInSettings settings) {
        ErrorBodies.Text text = ErrorBodies.Text.of(message, "invalid_request_error");
        return ErrorBodies.json(status, text, Map.of(), settings.errors(), "");
    }

    private void schedule(OpenCall open, ChatApi.Plan plan, StandInSettings.Answers answers) {
        Duration edge = answers.edgeTimeout();
        boolean hangs = plan.answer().delivery() == Delivery.HANG;
        if (edge != null && (hangs || plan.latency().compareTo(edge) >= 0)) {
            runAfter(edge, () -> sendWhole(open, api.edgeTimeout()));
        } else if (!hangs) {
            runAfter(plan.latency(), () -> sendAnswer(open, plan.answer(), answers));
        }
        boolean hangsInBody = plan.answer().delivery() == Delivery.HANG_BODY;
        if (edge != null && hangsInBody && plan.answer().events().isEmpty()) {
            runAfter(plan.latency().plus(edge), () -> cut(open));
        }
    }

    private void runAfter(Duration delay, Runnable task) {
        if (delay.isZero()) {
            task.run();
        } else {
            ScheduledFuture<?> unused =
                    timer.schedule(() -> executor.execute(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void sendAnswer(OpenCall open, PlannedAnswer answer, StandInSettings.Answers settings) {
        if (answer.events().isEmpty() || answer.delivery() == Delivery.CUT) {
            sendWhole(open, answer);
        } else {
            new EventSender(
                            open.exchange(),
                            answer,
                            settings.edgeTimeout(),
                            this::runAfter,
                            new StreamEnds(open, answer.status()))
                    .start();
        }
    }

    private final class StreamEnds implements EventSender.Ends {
        private final OpenCall open;
        private final int status;
        private boolean isRecorded;

        StreamEnds(OpenCall open, int status) {
            this.open = open;
            this.status = status;
        }

        @Override
        public void ending(boolean isWhole) {
            if (!isRecorded) {
                isRecorded = true;
                history.recordEnd(open.ticket(), isWhole ? status : 0);
            }
        }

        @Override
        public void ended(boolean isWhole) {
            open.end().callEnded(status, isWhole);
        }
    }

    private void sendWhole(OpenCall open, PlannedAnswer answer) {
        boolean isWhole = answer.delivery() == Delivery.WHOLE;
        try {
            // Recorded before the last byte is sent, so that a caller who has the answer finds it in the history.
            if (answer.delivery() != Delivery.HANG_BODY) {
                history.recordEnd(open.ticket(), isWhole ? answer.status() : 0);
            }
            HttpPort.send(open.exchange(), answer);
            if (answer.delivery() != Delivery.HANG_BODY) {
                open.end().callEnded(answer.status(), isWhole);
            }
        } catch (IOException e) {
            LOG.log(Logger.Level.DEBUG, "Caller disconnected before the answer", e);
            open.end().callEnded(answer.status(), false);
        }
    }

    private void cut(OpenCall open) {
        history.recordEnd(open.ticket(), 0);
        open.end().callEnded(200, false);
        open.exchange().close();
    }
}
