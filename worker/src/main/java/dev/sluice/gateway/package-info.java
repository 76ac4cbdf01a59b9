/**
 * Owns the HTTP door: it takes chat requests from OpenAI clients, puts them on the queue, and holds the connection until
 * the reply is there. It never calls the API and knows no stage of the worker.
 *
 * <p>All state belongs to one event loop. Other threads send it messages with {@code Context.runOnContext}. Whatever can
 * block, such as publishing a request, runs on threads of its own.
 */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
