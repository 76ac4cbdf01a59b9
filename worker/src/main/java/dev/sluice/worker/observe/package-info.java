/**
 * Observe: tells operators how the worker is, on the admin port. It alone knows how metrics are kept. It asks the stages
 * and never changes what they do.
 */
@NullMarked
package dev.sluice.worker.observe;

import org.jspecify.annotations.NullMarked;
