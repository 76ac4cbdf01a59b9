/**
 * Turns the texts of the command line, the environment and the configuration file into values, and describes the wrong
 * ones. It never starts anything.
 */
@NullMarked
package dev.sluice.worker.cli.options;

import org.jspecify.annotations.NullMarked;
