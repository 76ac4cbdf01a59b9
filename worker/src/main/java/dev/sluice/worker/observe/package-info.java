/**
 * Observe: tells operators how the worker is. It asks the stages and never changes what they do.
 */
@NullMarked
package dev.sluice.worker.observe;

import org.jspecify.annotations.NullMarked;
