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
    public void committed(InputRecord envelope, Outcome outcome, long knownAtMillis) {
        if (!log.isInfoEnabled()) {
            return;
        }
        if (outcome instanceof Outcome.Reply reply) {
            LoggingEventBuilder line = line(envelope, "ok").addKeyValue("httpStatus", reply.httpStatus());
            end(line, envelope.attempts(), reply.callMillis(), knownAtMillis, envelope);
        } else if (outcome instanceof Outcome.DeadLetter dead) {
            LoggingEventBuilder line =
                    line(envelope, "failed").addKeyValue("reason", dead.reason().word());
            if (dead.httpStatus().isPresent()) {
                line = line.addKeyValue("httpStatus", dead.httpStatus().getAsInt());
            }
            end(line, dead.attempts(), dead.callMillis(), knownAtMillis, envelope);
        }
    }

    @Override
    public void transactionEnded(boolean committed, long nanos) {
        // A transaction belongs to no single request.
    }

    private static LoggingEventBuilder line(InputRecord envelope, String status) {
        LoggingEventBuilder line = log.atInfo()
                .addKeyValue("id", PrintableText.line(envelope.id(), MAX_LENGTH))
                .addKeyValue("record", envelope);
        Optional<String> tenant = envelope.header(WireHeaders.TENANT);
        if (tenant.isPresent()) {
            line = line.addKeyValue("tenant", PrintableText.line(tenant.get(), MAX_LENGTH));
        }
        return line.addKeyValue("status", status);
    }

    /** @param knownAtMillis epoch ms of when the request's ending was known */
    private static void end(
            LoggingEventBuilder line, int attempts, long callMillis, long knownAtMillis, InputRecord envelope) {
        line.addKeyValue("attempts", attempts)
                .addKeyValue("deferrals", envelope.deferrals())
                .addKeyValue("callMs", callMillis)
                .addKeyValue("totalMs", Math.max(0, knownAtMillis - envelope.waitsSince()))
                .log("request ended");
    }
}
