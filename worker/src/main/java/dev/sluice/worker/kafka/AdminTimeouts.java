package dev.sluice.worker.kafka;

import java.time.Duration;

/** The timeouts of calls to an admin client. Each call gets one of them, so that none waits for Kafka's 60 s. */
public final class AdminTimeouts {
    /** The timeout of a call that a command, or the start of a worker, waits for. */
    public static final Duration FOREGROUND = Duration.ofSeconds(10);

    /** {@link #FOREGROUND} in the form that the options of a call take. */
    public static final int FOREGROUND_MILLIS = (int) FOREGROUND.toMillis();

    /** The timeout of a call that a running worker makes beside its work and can repeat. */
    public static final int BACKGROUND_MILLIS = 5_000;

    private AdminTimeouts() {}
}
