/**
 * Cache: answers requests that ask for it from memory, and lets the same ones share a call. It lies between intake and
 * pace, and owns the answers that are kept and the requests that wait for another one's call. It never calls, never reads
 * or writes Kafka, and what it does not answer it hands on unchanged.
 */
@NullMarked
package dev.sluice.worker.cache;

import org.jspecify.annotations.NullMarked;
