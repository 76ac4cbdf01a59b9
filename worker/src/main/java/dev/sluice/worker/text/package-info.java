/**
 * Foreign text that is made fit to be shown to a person. It never interprets what the text says.
 */
@NullMarked
package dev.sluice.worker.text;

import org.jspecify.annotations.NullMarked;
