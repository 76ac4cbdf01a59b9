/**
 * {@code sluice dlq}: lists, shows and replays dead letters. What a dead letter is and how it is replayed belongs to
 * {@link dev.sluice.worker.deadletters}.
 */
@NullMarked
package dev.sluice.worker.cli.dlq;

import org.jspecify.annotations.NullMarked;
