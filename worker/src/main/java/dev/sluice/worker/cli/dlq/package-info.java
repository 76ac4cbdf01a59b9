/**
 * Dead letters: reads them in the order in which they died, tells which of them are meant and which were replayed before,
 * and sends them back as requests. A letter that is sent back is marked as replayed in the same transaction; the mark lies
 * behind it in its own partition of the dead-letter topic, so that it outlives the letter. It never prints anything.
 */
@NullMarked
package dev.sluice.worker.cli.dlq;

import org.jspecify.annotations.NullMarked;
