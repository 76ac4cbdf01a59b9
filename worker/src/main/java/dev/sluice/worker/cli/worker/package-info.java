/**
 * The command {@code sluice worker}. It turns options into a {@link dev.sluice.worker.WorkerConfig} and runs a worker
 * until the process receives a signal. It holds no queue logic.
 */
@NullMarked
package dev.sluice.worker.cli.worker;

import org.jspecify.annotations.NullMarked;
