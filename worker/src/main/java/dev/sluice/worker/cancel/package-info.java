/**
 * The marks that cancel requests: read from their topic, kept in bounded memory, and asked before each call. Knows no
 * stage and ends no request.
 */
@NullMarked
package dev.sluice.worker.cancel;

import org.jspecify.annotations.NullMarked;
