/**
 * From words to values: the command line, the environment and the configuration file, their converters, and the messages
 * about wrong ones. It never starts anything.
 */
@NullMarked
package dev.sluice.worker.cli.options;

import org.jspecify.annotations.NullMarked;
