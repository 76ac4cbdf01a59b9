/**
 * Owns the HTTP door, which takes chat requests of OpenAI clients, puts them on the queue, and holds connections until
 * the reply is there. It never calls the API and knows no stage of the worker.
 *
 * <p>All state belongs to one event loop. Other threads send messages with {@code Context.runOnContext}. Whatever can
 * block, such as publishing a request, runs on threads of its own.
 */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
