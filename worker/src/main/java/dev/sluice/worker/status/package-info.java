/**
 * Reads the status of a queue from Kafka: the backlog, the oldest open records, the dead letters, the workers' group,
 * the records of one request, and who waits. It changes nothing, joins no group, and needs no running worker.
 */
@NullMarked
package dev.sluice.worker.status;

import org.jspecify.annotations.NullMarked;
