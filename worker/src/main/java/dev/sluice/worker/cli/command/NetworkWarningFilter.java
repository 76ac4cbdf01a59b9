package dev.sluice.worker.cli.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Passes one warning a minute of Kafka's network layer. While a broker or its name is away, each client writes several
 * identical warnings a second. All errors of that layer pass, for example a rejected login. Nothing passes of the admin
 * client with which a command connects, because the command itself tells the person what went wrong. Thread-safe.
 */
public final class NetworkWarningFilter extends Filter<ILoggingEvent> {
    /** The client id of the admin client with which a command connects, unless the user has set one for all clients. */
    public static final String ADMIN_CLIENT_ID = "sluice-admin";

    private static final Set<String> NETWORK =
            Set.of("org.apache.kafka.clients.NetworkClient", "org.apache.kafka.clients.ClientUtils");
    private static final String ADMIN_CLIENT = "clientId=" + ADMIN_CLIENT_ID + "] ";
    private static final long INTERVAL_MILLIS = Duration.ofMinutes(1).toMillis();

    private final AtomicLong passedAt = new AtomicLong(-INTERVAL_MILLIS);

    @Override
    public FilterReply decide(ILoggingEvent event) {
        if (event.getMessage() != null && event.getMessage().contains(ADMIN_CLIENT)) {
            return FilterReply.DENY;
        }
        boolean passes = !NETWORK.contains(event.getLoggerName())
                || event.getLevel().isGreaterOrEqual(Level.ERROR)
                || isDue(event.getTimeStamp());
        return passes ? FilterReply.NEUTRAL : FilterReply.DENY;
    }

    private boolean isDue(long now) {
        long last = passedAt.get();
        return Math.abs(now - last) >= INTERVAL_MILLIS && passedAt.compareAndSet(last, now);
    }
}
