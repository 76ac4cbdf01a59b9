/**
 * What every command shares: the command interface, its exit codes and exceptions, the terminal, the log and the end by
 * signal. It never knows a single command or its options.
 */
@NullMarked
package dev.sluice.worker.cli.command;

import org.jspecify.annotations.NullMarked;
