/**
 * Settle commits outcomes. It owns the transactional producer and the AckWindows, and puts a batch of outcomes and the
 * input offsets that end with them into one transaction. It never calls the API.
 */
@NullMarked
package dev.sluice.worker.settle;

import org.jspecify.annotations.NullMarked;
