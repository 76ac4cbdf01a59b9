package dev.sluice.gateway;

import java.time.Duration;

/**
 * The configuration of a door.
 *
 * @param address the address of this machine to listen on
 * @param port the port, or 0 for a free one
 * @param callers decides who may use the door
 * @param maxWaiting the most requests that wait at once
 * @param maxBodyBytes the largest body of a request
 * @param maxWait how long a request waits whose client does not say how long it will
 * @param times the times of waiting
 */
record GatewayConfig(
        String address,
        int port,
        CallerRule callers,
        int maxWaiting,
        int maxBodyBytes,
        Duration maxWait,
        WaitTimes times) {}
