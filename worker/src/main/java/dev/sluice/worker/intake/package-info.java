/**
 * Intake: reads requests from Kafka. It owns the consumer (one poll thread, its sole owner), the bundles and their
 * ownership, and the due dates. It never blocks on a call, a bucket or a transaction, except in the revoke callback.
 */
@NullMarked
package dev.sluice.worker.intake;

import org.jspecify.annotations.NullMarked;
