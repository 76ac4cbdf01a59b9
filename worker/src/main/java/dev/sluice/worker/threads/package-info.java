/**
 * The threads that run a worker's stages: their heartbeats, their backstop, and deadlines for waiting on them. It knows
 * nothing of what a stage does.
 */
@NullMarked
package dev.sluice.worker.threads;

import org.jspecify.annotations.NullMarked;
