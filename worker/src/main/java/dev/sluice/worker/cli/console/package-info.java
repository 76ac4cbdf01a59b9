/** The command {@code sluice console}, which starts and ends the server of the page. */
@NullMarked
package dev.sluice.worker.cli.console;

import org.jspecify.annotations.NullMarked;
