package dev.sluice;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Publishes chat requests to the queue and can wait for their replies.
 *
 * <pre>{@code
 * try (ChatQueue queue = ChatQueue.connect("localhost:9092")) {
 *     ChatRequest request = ChatRequest.builder().model("openai/gpt-oss-20b").user("Hello!").build();
 *     System.out.println(queue.ask(request).join().orThrow().text());
 * }
 * }</pre>
 *
 * <p><b>Thread-safety.</b> All methods may be called from any number of threads. One queue per process is enough and
 * best. It owns a Kafka producer. The first {@code ask} adds a consumer with one daemon thread, and the first {@code
 * stream} another one.
 *
 * <p><b>Back-pressure.</b> {@link #submit} and {@code ask} hand the request to the producer's buffer. They block the
 * caller while that buffer is full ({@code buffer.memory}, 32 MiB) or the broker's metadata is unknown. After
 * {@code max.block.ms} (5 s here) the future fails and its message names the setting. The first {@code submit} also
 * checks that the request topic exists. The first {@code ask} also looks up the partition for its replies. Each of
 * these checks has the same bound.
 *
 * <p><b>A lost connection.</b> A request in the producer's buffer is published once if the broker is back within
 * {@code delivery.timeout.ms} (2 minutes). After that time its future fails. A producer that can reach no broker may
 * forget where topics are and look for them anew (KIP-899). A request that is submitted then waits as for a full
 * buffer.
 *
 * <p><b>Asks keep waiting</b> whatever happens to Kafka or to the connection. Their reader goes on at the same place,
 * and finds the replies that arrived meanwhile. It keeps its place while this process stands still, too. A deadline
 * that passes meanwhile has passed. While Kafka forbids to read the reply topic, new asks fail at once, and nothing is
 * published that nobody could read the reply to. Waiting asks fail before their deadline for two reasons only: Kafka
 * has deleted replies that were not read yet, by a short retention or with the topic, or the partition can't be read
 * for ten seconds though Kafka is there. In the second case the next ask starts a new reader on a partition that is
 * chosen anew. Workers that cannot write to a reply partition for two minutes write the reply to {@code chat.replies},
 * with the header {@code sluice-redirected}, where no ask reads it.
 *
 * <p><b>Replies to asks.</b> Each queue reads one partition of the reply topic, without a consumer group. The first
 * {@code ask} chooses the partition at random and starts at its end. Partitions that are added later are used by queues
 * that are opened later. Replies for other readers of the partition are skipped by their correlation id. A reply is
 * late if its ask has ended: by its deadline, by cancellation, or by an earlier reply, as after a replayed dead letter.
 * A late reply is dropped and logged at INFO with the request's id. To see every reply, read the reply topic with a
 * {@link ReplyConsumer}.
 *
 * <p><b>Errors.</b> Failures arrive through the future. {@link InvalidChatRequestException} means that this queue does
 * not accept the request. {@link ChatQueueException} covers everything between here and Kafka. Only a {@code null}
 * argument is thrown at the caller. A failed <em>reply</em> is no exception: it is a {@link ChatReply} that is not
 * {@link ChatReply#ok()}.
 *
 * <p><b>Dependent stages</b> run on the SDK's own threads, like Kafka's callbacks, and must not block. Calling
 * {@link #submit} can block. Use the {@code …Async} methods of {@link CompletableFuture} for blocking calls and for
 * longer work.
 */
public interface ChatQueue extends AutoCloseable {
    /**
     * Opens a queue with all defaults and the topics {@code chat.*}. The broker is not contacted before the first
     * request.
     */
    static ChatQueue connect(String bootstrapServers) {
        return builder().bootstrapServers(bootstrapServers).build();
    }

    /** Returns a builder with all defaults. */
    static ChatQueueBuilder builder() {
        return new ChatQueueBuilder();
    }

    /**
     * Publishes a request without waiting for its reply. The reply goes to the queue's reply topic, where a
     * {@link ReplyConsumer} can read it.
     *
     * @return a future that completes when all in-sync replicas have the request. The producer uses {@code acks=all}
     *     and is idempotent, so its own retries do not publish the request twice.
     */
    CompletableFuture<Receipt> submit(ChatRequest request);

    /**
     * Asks with the queue's default deadline, which is 5 minutes unless configured.
     *
     * @see #ask(ChatRequest, Duration)
     */
    CompletableFuture<ChatReply> ask(ChatRequest request);

    /**
     * Publishes a request and waits for its reply. Replies are read with {@code read_committed}, so the reply seen here
     * is the request's one ending.
     *
     * <p>A request without an {@link ChatRequest#expiresAt() expiry} expires at the deadline. Nobody waits for its
     * reply after that, so the workers do not pay for the call. Cancelling the future stops the waiting. It also
     * cancels the request if the queue was built with {@link ChatQueueBuilder#cancelRequests}.
     *
     * @param deadline how long to wait from now on, more than zero
     * @return a future that completes with the reply, ok or failed. It fails with {@link ReplyTimeoutException} at the
     *     deadline.
     */
    CompletableFuture<ChatReply> ask(ChatRequest request, Duration deadline);

    /**
     * Streams with the queue's default deadline, which is 5 minutes unless configured.
     *
     * @see #stream(ChatRequest, Duration)
     */
    ChatStream stream(ChatRequest request);

    /**
     * Makes a stream of the request's answer. The request is published once somebody subscribes to it. The worker calls
     * the API streamed, and its pieces come here as they are made. The body is completed by {@code stream} and
     * {@code stream_options.include_usage} where it lacks them, and stays byte for byte otherwise.
     *
     * <p>The first stream of a process adds a consumer with one daemon thread, which reads a partition of
     * {@code chat.streams}. It needs the right to do so. Without that, or without the topic, the stream is made from
     * the reply when that comes.
     *
     * <p>The request and its reply are those of {@link #ask(ChatRequest, Duration) ask}. The request is cancelled when
     * the subscription is, whatever {@link ChatQueueBuilder#cancelRequests} says.
     *
     * @param deadline how long to wait for the reply from the subscription on, more than zero
     */
    ChatStream stream(ChatRequest request, Duration deadline);

    /**
     * Cancels all requests with this id that are in the queue now: they are not called any more, and end as failed with
     * the reason {@code cancelled} and without a dead letter. A call that has begun goes on to its end, unless its
     * request was built with {@link RequestEnvelopeBuilder#abortIfCancelled}. Requests that have ended stay as they
     * are.
     *
     * <p>This writes a mark to the topic {@code chat.cancels}, which all workers read within a moment. Whether it comes
     * in time only the reply shows. A request with the same id that is published more than a second later is
     * not cancelled.
     *
     * @return a future that completes when Kafka has the mark
     */
    CompletableFuture<Void> cancel(String id);

    /**
     * Cancels all requests of this {@linkplain RequestEnvelopeBuilder#group group} that are in the queue now, as
     * {@link #cancel} does.
     */
    CompletableFuture<Void> cancelGroup(String group);

    /**
     * Closes the queue and releases every connection.
     *
     * <p>New requests are refused. Asks that still wait fail at once. Their requests stay in the queue and are called,
     * so wait for the futures first if you want their replies. The method then waits for submitted requests to be sent,
     * at most for the close timeout. Requests that are not sent by then fail, so every future ends. The method is
     * idempotent: a second call returns immediately and does nothing.
     *
     * @throws ChatQueueException if this thread is interrupted meanwhile. Everything is closed all the same.
     */
    @Override
    void close();
}
