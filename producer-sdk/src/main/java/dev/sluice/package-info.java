/**
 * The public API for services that talk to the queue: {@link dev.sluice.ChatQueue} publishes requests and waits for
 * replies, {@link dev.sluice.ReplyConsumer} handles replies in a consumer group. Owns one Kafka producer and, from the
 * first {@code ask} on, one consumer; never calls the chat API, never retries a request (that is the workers' job) and
 * never changes a body it was given.
 */
@NullMarked
package dev.sluice;

import org.jspecify.annotations.NullMarked;
