/**
 * The pieces of streamed answers: hands each chunk to Kafka as it comes, for whoever reads along. Pieces are advice.
 * The package loses them rather than wait, and never ends, delays or judges a call.
 */
@NullMarked
package dev.sluice.worker.pieces;

import org.jspecify.annotations.NullMarked;
