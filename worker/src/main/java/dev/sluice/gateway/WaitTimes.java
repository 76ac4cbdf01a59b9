package dev.sluice.gateway;

import java.time.Duration;

/**
 * The times for which the door waits.
 *
 * @param commitAfter the time for which a waiting client still gets a real status; proxies give up after a minute
 * @param keepAliveEvery the time between the bytes that keep the connection after that
 * @param orphanFor the time in which a client that has gone may come back for its reply
 * @param outcomeKeptFor the time for which an outcome is kept that its client has not got
 * @param uploadWithin the time in which a body must have come
 * @param writeWithin the time in which a client must have taken its answer
 */
public record WaitTimes(
        Duration commitAfter,
        Duration keepAliveEvery,
        Duration orphanFor,
        Duration outcomeKeptFor,
        Duration uploadWithin,
        Duration writeWithin) {
    public static final WaitTimes DEFAULT = new WaitTimes(
            Duration.ofSeconds(50),
            Duration.ofSeconds(15),
            Duration.ofSeconds(15),
            Duration.ofMinutes(2),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1));
}
