package dev.sluice.worker.status;

import java.time.Instant;

/**
 * The waiting requests of one tenant. Immutable.
 *
 * @param tenant the tenant, or an empty text for requests without one
 * @param model the model of most of them, or an empty text
 * @param models the number of their models
 * @param oldest the time at which the oldest record of them was written
 */
public record TenantBacklog(String tenant, long requests, String model, int models, Instant oldest) {}
