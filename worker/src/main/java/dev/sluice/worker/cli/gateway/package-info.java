/**
 * The command {@code sluice gateway}. It turns options into a {@link dev.sluice.gateway.GatewayConfig} and runs a door
 * until the process receives a signal. It holds no queue logic.
 */
@NullMarked
package dev.sluice.worker.cli.gateway;

import org.jspecify.annotations.NullMarked;
