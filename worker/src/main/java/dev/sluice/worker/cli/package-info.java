/**
 * The command line: options, environment and configuration file become a validated configuration, and one command runs
 * with it. It owns every word a person reads on the terminal, the exit codes, and the process's signals; it never holds
 * queue logic: {@code worker} hands its configuration to {@link dev.sluice.worker.Worker}, the others are clients.
 */
@NullMarked
package dev.sluice.worker.cli;

import org.jspecify.annotations.NullMarked;
