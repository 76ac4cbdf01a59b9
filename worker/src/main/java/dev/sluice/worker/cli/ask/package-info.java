/**
 * The command {@code sluice ask}. It sends one request and prints the answer.
 */
@NullMarked
package dev.sluice.worker.cli.ask;

import org.jspecify.annotations.NullMarked;
