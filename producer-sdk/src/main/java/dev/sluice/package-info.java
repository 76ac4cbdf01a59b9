/**
 * The public API for services that talk to the queue. {@link dev.sluice.ChatQueue} publishes requests and waits for
 * replies. {@link dev.sluice.ReplyConsumer} handles replies in a consumer group.
 *
 * <p>A queue owns one Kafka producer and, from the first {@code ask} on, one consumer. The package never calls the chat
 * API and never changes a body it was given. It never retries a request, because that is the workers' job.
 */
@NullMarked
package dev.sluice;

import org.jspecify.annotations.NullMarked;
