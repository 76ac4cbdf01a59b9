/**
 * The command {@code sluice cancel}. It writes marks that cancel requests.
 */
@NullMarked
package dev.sluice.worker.cli.cancel;

import org.jspecify.annotations.NullMarked;
