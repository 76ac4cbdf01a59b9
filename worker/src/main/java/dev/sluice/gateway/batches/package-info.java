/**
 * Runs the batches that callers have created: checks their lines, puts them on the queue, writes their answers, and
 * makes the files of results. It knows files and the queue of batches, and neither HTTP nor a stage of the worker.
 *
 * <p>Of all doors that share a directory one runs the batches at a time. What it does can be cut at any line: the next
 * door goes on from what is on the disk and in Kafka.
 */
@NullMarked
package dev.sluice.gateway.batches;

import org.jspecify.annotations.NullMarked;
