/**
 * Pace: decides when a request may be called. It owns one lane per model, with the lane's ready queue, its bucket, and
 * the limit on calls under way. It never touches Kafka or HTTP.
 */
@NullMarked
package dev.sluice.worker.pace;

import org.jspecify.annotations.NullMarked;
