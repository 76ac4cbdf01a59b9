/**
 * The files of {@code sluice submit}: reads and checks the lines of a batch, writes one line per answer, and shows how far
 * it is. It owns the format of both files; it never talks to Kafka.
 */
@NullMarked
package dev.sluice.worker.cli.batch;

import org.jspecify.annotations.NullMarked;
