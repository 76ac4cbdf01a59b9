/**
 * The commands {@code sluice dlq list}, {@code show} and {@code replay}: their options, and everything they print.
 * Reading and replaying dead letters belongs to {@link dev.sluice.worker.deadletters}.
 */
@NullMarked
package dev.sluice.worker.cli.dlq;

import org.jspecify.annotations.NullMarked;
