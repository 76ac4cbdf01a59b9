/**
 * The command line. Options, environment and configuration file become a validated configuration, and one command runs
 * with it. This package puts the commands together. Each command has its own package and imports none of another
 * command. Below them are {@code connection}, {@code options} and {@code command}, from top to bottom. No command holds
 * queue logic, and nothing outside of {@code cli} imports it.
 */
@NullMarked
package dev.sluice.worker.cli;

import org.jspecify.annotations.NullMarked;
