/**
 * Pace: decides when a request may be called. It owns one lane per model, with the lane's queue, its budgets and its
 * limit on calls in flight. It never touches Kafka or HTTP.
 */
@NullMarked
package dev.sluice.worker.pace;

import org.jspecify.annotations.NullMarked;
