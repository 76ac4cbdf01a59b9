/**
 * Settle: the transactional producer and the AckWindows: a batch of outcomes and the input offsets in one transaction.
 * Never calls the API.
 */
@NullMarked
package dev.sluice.worker.settle;

import org.jspecify.annotations.NullMarked;
