/**
 * Reads requests from Kafka. Intake owns the consumer with its one poll thread, the bundles and their ownership, and
 * the due dates. It never blocks on a call, a rate limit or a transaction, except in the revoke callback.
 */
@NullMarked
package dev.sluice.worker.intake;

import org.jspecify.annotations.NullMarked;
