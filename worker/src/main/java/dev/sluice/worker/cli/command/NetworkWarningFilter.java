package dev.sluice.worker.cli.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets through one warning a minute of Kafka's network layer: while a broker is away each client writes several a second,
 * all of which say the same. Its errors, such as a refused login, all pass; but nothing of the client with which a command
 * makes sure of the broker: what goes wrong there the command says itself, in words for people. Thread-safe.
 */
public final class NetworkWarningFilter extends Filter<ILoggingEvent> {
    /** The client id of the admin client with which a command connects, unless the user has set one for all clients. */
    public static final String ADMIN_CLIENT_ID = "sluice-admin";

    private static final String NETWORK = "org.apache.kafka.clients.NetworkClient";
    private static final String CONNECTING = "clientId=" + ADMIN_CLIENT_ID + "] ";
    private static final long EVERY_MILLIS = Duration.ofMinutes(1).toMillis();

    private final AtomicLong passedAt = new AtomicLong(-EVERY_MILLIS);

    @Override
    public FilterReply decide(ILoggingEvent event) {
        if (event.getMessage() != null && event.getMessage().contains(CONNECTING)) {
            return FilterReply.DENY;
        }
        boolean passes = !event.getLoggerName().equals(NETWORK)
                || event.getLevel().isGreaterOrEqual(Level.ERROR)
                || isDue(event.getTimeStamp());
        return passes ? FilterReply.NEUTRAL : FilterReply.DENY;
    }

    private boolean isDue(long now) {
        long last = passedAt.get();
        return Math.abs(now - last) >= EVERY_MILLIS && passedAt.compareAndSet(last, now);
    }
}
