/**
 * The lowest layer of the command line, which every command shares. It has the interface of a command, the exit codes,
 * the terminal, tables, the log and the end by a signal. It knows no command and no option.
 */
@NullMarked
package dev.sluice.worker.cli.command;

import org.jspecify.annotations.NullMarked;
