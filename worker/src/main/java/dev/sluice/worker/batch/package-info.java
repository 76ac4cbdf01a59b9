/**
 * A batch is a file of chat requests. This package reads and checks it, sends its lines through the queue, collects the
 * answers into files, and resumes after an interruption. It knows neither options nor a terminal, only the streams and
 * paths that it is given. It never prints anything and never calls the API.
 */
@NullMarked
package dev.sluice.worker.batch;

import org.jspecify.annotations.NullMarked;
