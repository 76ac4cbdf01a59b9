/**
 * The status of a queue as Kafka alone knows it: backlog, oldest open records, dead letters and the workers' group. It
 * only reads, joins no group, and needs no running worker.
 */
@NullMarked
package dev.sluice.worker.status;

import org.jspecify.annotations.NullMarked;
