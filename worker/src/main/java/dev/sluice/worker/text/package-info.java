/**
 * Text that people read: durations, progress, foreign text made fit to be shown, and the exception whose message is all
 * that a person sees. It depends on no other package of the worker, and it never interprets what foreign text says.
 */
@NullMarked
package dev.sluice.worker.text;

import org.jspecify.annotations.NullMarked;
