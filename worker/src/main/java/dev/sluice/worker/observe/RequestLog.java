package dev.sluice.worker.observe;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.settle.SettleListener;
import dev.sluice.worker.text.PrintableText;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs a line for each request whose ending is committed. The lines are at INFO, of a logger of their own that is off
 * by default, and contain nothing of what was asked or answered. Stateless.
 */
public final class RequestLog implements SettleListener {
    private static final Logger log = LoggerFactory.getLogger(RequestLog.class);
    private static final int MAX_LENGTH = 256;

    @Override
    public void committed(InputRecord input, Outcome outcome, long knownAtMillis) {
        if (!log.isInfoEnabled()) {
            return;
        }
        if (outcome instanceof Outcome.Reply reply) {
            LoggingEventBuilder line = line(input, "ok").addKeyValue("httpStatus", reply.httpStatus());
            end(line, input.attempts(), reply.callMillis(), knownAtMillis, input);
        } else if (outcome instanceof Outcome.DeadLetter dead) {
            failed(input, dead, knownAtMillis);
        } else if (outcome instanceof Outcome.Unawaited unawaited) {
            failed(input, unawaited.failure(), knownAtMillis);
        }
    }

    private static void failed(InputRecord input, Outcome.DeadLetter failure, long knownAtMillis) {
        LoggingEventBuilder line =
                line(input, "failed").addKeyValue("reason", failure.reason().word());
        if (failure.httpStatus().isPresent()) {
            line = line.addKeyValue("httpStatus", failure.httpStatus().getAsInt());
        }
        end(line, failure.attempts(), failure.callMillis(), knownAtMillis, input);
    }

    @Override
    public void transactionEnded(boolean committed, long nanos) {
        // A transaction belongs to no single request.
    }

    private static LoggingEventBuilder line(InputRecord input, String status) {
        LoggingEventBuilder line = log.atInfo()
                .addKeyValue("id", PrintableText.line(input.id(), MAX_LENGTH))
                .addKeyValue("record", input);
        Optional<String> tenant = input.header(WireHeaders.TENANT);
        if (tenant.isPresent()) {
            line = line.addKeyValue("tenant", PrintableText.line(tenant.get(), MAX_LENGTH));
        }
        return line.addKeyValue("status", status);
    }

    /** @param knownAtMillis epoch ms of when the request's ending was known */
    private static void end(
            LoggingEventBuilder line, int attempts, long callMillis, long knownAtMillis, InputRecord input) {
        line.addKeyValue("attempts", attempts)
                .addKeyValue("deferrals", input.deferrals())
                .addKeyValue("callMs", callMillis)
                .addKeyValue("totalMs", Math.max(0, knownAtMillis - input.waitsSince()))
                .log("Request ended");
    }
}
