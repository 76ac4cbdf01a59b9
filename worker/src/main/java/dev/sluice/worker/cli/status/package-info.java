/**
 * The command {@code sluice status}. It shows a {@link dev.sluice.worker.status.QueueStatus} or a
 * {@link dev.sluice.worker.status.RequestTrace} as a table or as JSON, and never reads Kafka itself.
 */
@NullMarked
package dev.sluice.worker.cli.status;

import org.jspecify.annotations.NullMarked;
