/**
 * Observe: metrics, traces, health and the admin port. It alone knows how metrics are kept. It reads the stages'
 * snapshots and never changes what they do.
 */
@NullMarked
package dev.sluice.worker.observe;

import org.jspecify.annotations.NullMarked;
