package dev.sluice;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Publishes chat requests to the queue and, where wanted, waits for their replies.
 *
 * <pre>{@code
 * try (ChatQueue queue = ChatQueue.connect("localhost:9092")) {
 *     ChatRequest request = ChatRequest.builder().model("openai/gpt-oss-20b").user("Hello!").build();
 *     System.out.println(queue.ask(request).join().orThrow().text());
 * }
 * }</pre>
 *
 * <p><b>Thread-safety.</b> Safe for any number of threads; one per process is enough and best, since it owns a Kafka
 * producer and, from the first {@code ask} on, a consumer with one daemon thread.
 *
 * <p><b>Back-pressure.</b> {@link #submit} and {@code ask} hand the request to the producer's buffer. Where that is full
 * ({@code buffer.memory}, 32 MiB), or the broker's metadata is not known yet, they block the caller, for {@code
 * max.block.ms} (5 s here) at most; then the future fails, and the message names the setting. The first {@code submit} also
 * looks whether the topic exists and the first {@code ask} where its replies will arrive, each within the same bound.
 *
 * <p><b>A lost connection.</b> What was handed over is published, once, when the broker is back within {@code
 * delivery.timeout.ms} (2 minutes); later than that it has failed. Asks wait on, up to their deadlines: replies that came
 * meanwhile are read afterwards. Where replies can't be read for another reason (the permission was taken away), every ask
 * that waits fails at once, and the next one starts to read afresh.
 *
 * <p><b>Replies to asks.</b> Each queue reads one partition of the reply topic, chosen at random with the first {@code
 * ask}, from its end on and without a group; partitions that are added later are for queues that are opened later. What
 * lies there for others is passed over by its correlation id. A reply to an ask that has ended (by its deadline, by being
 * cancelled, or by an earlier reply, as after a replayed dead letter) is dropped and logged at INFO with the request's id;
 * whoever wants it reads the reply topic, with a {@link ReplyConsumer} for example.
 *
 * <p><b>Errors.</b> They arrive through the future: {@link InvalidChatRequestException} for a request that this queue
 * does not take, {@link ChatQueueException} for everything between here and Kafka. Only a {@code null} is thrown at the
 * caller. A failed <em>reply</em> is no exception but a {@link ChatReply} that is not {@link ChatReply#ok()}.
 *
 * <p><b>Dependent stages</b> run on the SDK's own threads, like Kafka's callbacks: they must not block, and
 * to {@link #submit} may be to block. Use the {@code …Async} methods of {@link CompletableFuture} for that, and for longer
 * work.
 */
public interface ChatQueue extends AutoCloseable {
    /** A queue with all defaults: topics {@code chat.*}. The broker is not contacted before the first request. */
    static ChatQueue connect(String bootstrapServers) {
        return builder().bootstrapServers(bootstrapServers).build();
    }

    static ChatQueueBuilder builder() {
        return new ChatQueueBuilder();
    }

    /**
     * Publishes a request; its reply goes to the queue's reply topic for whoever reads that, see {@link ReplyConsumer}.
     *
     * @return completes when all in-sync replicas have the request ({@code acks=all}, idempotent: a retry inside the
     *     producer does not publish it twice)
     */
    CompletableFuture<Receipt> submit(ChatRequest request);

    /** Like {@link #ask(ChatRequest, Duration)} with the queue's default deadline, 5 minutes unless configured. */
    CompletableFuture<ChatReply> ask(ChatRequest request);

    /**
     * Publishes a request and waits for its reply. Replies are read with {@code read_committed}: what is seen here is the
     * request's one ending.
     *
     * <p>A request without an {@link ChatRequest#expiresAt() expiry} of its own gets the deadline as one: nobody waits for
     * the reply after it, so the workers do not pay for the call. Cancelling the future stops the waiting, not the
     * request.
     *
     * @param deadline how long to wait from now on; more than zero
     * @return completes with the reply, ok or failed, or with {@link ReplyTimeoutException} at the deadline
     */
    CompletableFuture<ChatReply> ask(ChatRequest request, Duration deadline);

    /**
     * Takes no more requests; fails the asks that still wait for a reply, at once (their requests stay in the queue, and
     * are called; wait for the futures first if you want their replies); waits until what was submitted has been sent, at
     * most for the close timeout; and lets go of every connection. What could not be sent by then has failed: every future
     * ends. Idempotent: a second call does nothing and does not wait.
     *
     * @throws ChatQueueException if this thread is interrupted meanwhile; everything is closed all the same
     */
    @Override
    void close();
}
