/**
 * The reports of a queue's workers on the topic {@code BASE.workers}, and the parts of each limit that follow from
 * them. It knows neither a stage nor a request.
 */
@NullMarked
package dev.sluice.worker.pool;

import org.jspecify.annotations.NullMarked;
