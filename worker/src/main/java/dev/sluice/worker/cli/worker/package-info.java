/**
 * {@code sluice worker}: turns options into a {@link dev.sluice.worker.WorkerConfig} and runs a worker until the process
 * is told to stop. It holds no queue logic.
 */
@NullMarked
package dev.sluice.worker.cli.worker;

import org.jspecify.annotations.NullMarked;
