/**
 * The command {@code sluice workers}. It shows what the workers of a queue report of themselves. It never asks a
 * worker.
 */
@NullMarked
package dev.sluice.worker.cli.workers;

import org.jspecify.annotations.NullMarked;
