package dev.sluice;

import dev.sluice.wire.CancelMark;
import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.UuidV7;
import dev.sluice.wire.WireHeaders;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue on a real Kafka. It checks, writes and sends requests. {@link RequestReplyClient} waits for the replies.
 */
final class KafkaChatQueue implements ChatQueue {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaChatQueue.class);

    /** The time for which a call may go on after its request has expired. The mark that aborts it counts as long. */
    private static final Duration LONGEST_CALL = Duration.ofMinutes(10);

    private final QueueSettings settings;
    private final Producer<byte[], byte[]> producer;
    private final TopicExistenceCheck topicCheck;
    private final PublishFailures failures;
    private final RequestReplyClient requestReply;
    private final PieceInbox pieces;
    private final UuidV7 ids;
    private final Clock clock;
    private final AtomicBoolean closed = new AtomicBoolean();

    KafkaChatQueue(
            QueueSettings settings,
            Producer<byte[], byte[]> producer,
            TopicExistenceCheck topicCheck,
            RequestReplyClient requestReply,
            PieceInbox pieces,
            UuidV7 ids,
            Clock clock) {
        this.settings = settings;
        this.producer = producer;
        this.topicCheck = topicCheck;
        this.failures = new PublishFailures(settings);
        this.requestReply = requestReply;
        this.pieces = pieces;
        this.ids = ids;
        this.clock = clock;
    }

    /** Makes the producer, which connects in the background. The other clients are made when they are needed. */
    static ChatQueue open(QueueSettings settings) {
        Clock clock = Clock.systemUTC();
        SecureRandom random = new SecureRandom();
        DeadlineScheduler deadlines = new DeadlineThread();
        PendingAsks pending = new PendingAsks(random.nextLong(), deadlines);
        RequestReplyClient requestReply = new RequestReplyClient(
                settings,
                pending,
                deadlines,
                () -> new ReplyInbox(settings, () -> inbox(settings), random, System::nanoTime, pending).start());
        PieceInbox pieces = new PieceInbox(settings, () -> inbox(settings), random, System::nanoTime);
        TopicExistenceCheck topicCheck = new RequestTopicCheck(
                settings, new PublishFailures(settings), () -> Admin.create(ClientProperties.admin(settings)));
        Producer<byte[], byte[]> producer = new KafkaProducer<>(
                ClientProperties.producer(settings), new ByteArraySerializer(), new ByteArraySerializer());
        return new KafkaChatQueue(
                settings, producer, topicCheck, requestReply, pieces, new UuidV7(clock, random), clock);
    }

    private static KafkaConsumer<byte[], byte[]> inbox(QueueSettings settings) {
        return new KafkaConsumer<>(
                ClientProperties.inbox(settings), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public CompletableFuture<Receipt> submit(ChatRequest request) {
        try {
            check(request);
            requireTopic(request);
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
        String id = id(request);
        Instant expiresAt = request.expiresAt().orElse(null);
        return send(RequestRecords.record(settings.topics(), request, id, expiresAt, null), id);
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request) {
        return ask(request, settings.defaultDeadline());
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request, Duration deadline) {
        Instant expiresAt;
        try {
            check(request);
            expiresAt = RequestRules.expiry(request, deadline, clock.instant());
            requireTopic(request);
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
        String id = id(request);
        return requestReply.ask(
                id,
                deadline,
                replyTo -> send(RequestRecords.record(settings.topics(), request, id, expiresAt, replyTo), id),
                replyTo -> {
                    if (settings.cancelsRequests()) {
                        cancelAsk(id, replyTo, expiresAt);
                    }
                });
    }

    @Override
    public ChatStream stream(ChatRequest request) {
        return stream(request, settings.defaultDeadline());
    }

    @Override
    public ChatStream stream(ChatRequest request, Duration deadline) {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(deadline, "deadline");
        return ChatStream.of(listener -> begin(request.streamed(), deadline, listener));
    }

    private CompletableFuture<ChatReply> begin(ChatRequest request, Duration deadline, Consumer<StreamPiece> listener) {
        Instant expiresAt;
        try {
            check(request);
            expiresAt = RequestRules.expiry(request, deadline, clock.instant());
            requireTopic(request);
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
        pieces.open();
        String id = id(request);
        AtomicReference<ReplyAddress> address = new AtomicReference<>();
        CompletableFuture<ChatReply> asked = requestReply.ask(
                id,
                deadline,
                replyTo -> {
                    address.set(replyTo);
                    return sendStreamed(
                            RequestRecords.record(settings.topics(), request, id, expiresAt, replyTo), id, listener);
                },
                replyTo -> cancelAsk(id, replyTo, expiresAt.plus(LONGEST_CALL)));
        CompletableFuture<ChatReply> unused =
                asked.whenComplete((reply, failure) -> endStream(id, address.get(), expiresAt, failure));
        return asked;
    }

    private CompletableFuture<Receipt> sendStreamed(
            ProducerRecord<byte[], byte[]> request, String id, Consumer<StreamPiece> listener) {
        byte[] correlation =
                WireHeaders.bytes(request.headers(), WireHeaders.CORRELATION_ID).orElseThrow();
        pieces.add(correlation, listener)
                .ifPresent(partition -> WireHeaders.set(request.headers(), WireHeaders.STREAM_TO, partition));
        return send(request, id);
    }

    /** Takes no more pieces. After the deadline nobody reads the rest of a call that is under way. */
    private void endStream(String id, @Nullable ReplyAddress replyTo, Instant expiresAt, @Nullable Throwable failure) {
        if (replyTo == null) {
            return;
        }
        pieces.remove(replyTo.correlation());
        if (failure instanceof ReplyTimeoutException) {
            CancelThreads.POOL.execute(() -> cancelAsk(id, replyTo, expiresAt.plus(LONGEST_CALL)));
        }
    }

    private void cancelAsk(String id, ReplyAddress replyTo, Instant until) {
        ProducerRecord<byte[], byte[]> mark =
                CancelMark.ofCorrelationId(replyTo.correlation()).record(settings.topics());
        // From then on the request is not called anyway, and no call of it is under way that could be aborted.
        WireHeaders.set(mark.headers(), WireHeaders.EXPIRES_AT, until.toEpochMilli());
        CompletableFuture<Void> unused = sendMark(mark).exceptionally(failure -> {
            LOG.atWarn()
                    .addKeyValue("id", id)
                    .addKeyValue("error", failure.getMessage())
                    .log("Request of a cancelled ask stays in the queue");
            return null;
        });
    }

    @Override
    public CompletableFuture<Void> cancel(String id) {
        return cancel(WireHeaders.ID, id, CancelMark.ofId(id));
    }

    @Override
    public CompletableFuture<Void> cancelGroup(String group) {
        return cancel(WireHeaders.GROUP, group, CancelMark.ofGroup(group));
    }

    private CompletableFuture<Void> cancel(String header, String name, CancelMark mark) {
        try {
            RequestRules.requireName(header, name);
        } catch (InvalidChatRequestException e) {
            return CompletableFuture.failedFuture(e);
        }
        return sendMark(mark.record(settings.topics()));
    }

    private CompletableFuture<Void> sendMark(ProducerRecord<byte[], byte[]> mark) {
        CompletableFuture<Void> written = new CompletableFuture<>();
        try {
            requireOpen();
            topicCheck.require(mark.topic());
            Future<RecordMetadata> unused = producer.send(mark, (sent, failure) -> {
                if (failure == null) {
                    written.complete(null);
                } else {
                    written.completeExceptionally(failures.explain(mark.topic(), failure));
                }
            });
        } catch (ChatQueueException e) {
            written.completeExceptionally(e);
        } catch (RuntimeException e) { // from Kafka
            written.completeExceptionally(failures.explain(mark.topic(), e));
        }
        return written;
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        // Before the producer, whose close may take the whole close timeout: waiting asks fail at once.
        requestReply.close();
        pieces.close();
        try {
            producer.close(settings.closeTimeout());
        } catch (KafkaException e) {
            throw new ChatQueueException("the queue was closed with an error: " + e.getMessage(), e);
        }
    }

    private CompletableFuture<Receipt> send(ProducerRecord<byte[], byte[]> request, String id) {
        CompletableFuture<Receipt> receipt = new CompletableFuture<>();
        int bytes = request.value().length;
        try {
            Future<RecordMetadata> unused = producer.send(request, (sent, failure) -> {
                if (failure == null) {
                    receipt.complete(receipt(id, sent));
                } else {
                    receipt.completeExceptionally(explain(request.topic(), id, bytes, failure));
                }
            });
        } catch (RuntimeException e) { // from Kafka, or from the user's own partitioner
            receipt.completeExceptionally(explain(request.topic(), id, bytes, e));
        }
        return receipt;
    }

    /**
     * Explains why a request was not sent. After a close only API errors and interrupts are explained by their own
     * cause. Other errors of a closed producer are consequences of the close.
     */
    private ChatQueueException explain(String topic, String id, int bytes, Throwable failure) {
        boolean hasOwnCause = failure instanceof ApiException || failure instanceof InterruptException;
        return closed.get() && !hasOwnCause
                ? failures.closed(topic, id, failure)
                : failures.explain(topic, id, bytes, failure);
    }

    private static Receipt receipt(String id, RecordMetadata sent) {
        return new Receipt(id, sent.topic(), sent.partition(), sent.offset(), Instant.ofEpochMilli(sent.timestamp()));
    }

    private void requireTopic(ChatRequest request) {
        topicCheck.require(request.priority().topic(settings.topics()));
    }

    private String id(ChatRequest request) {
        return request.id().orElseGet(() -> ids.next().toString());
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new ChatQueueException("the queue is closed");
        }
    }

    private void check(ChatRequest request) {
        Objects.requireNonNull(request, "request");
        requireOpen();
        RequestRules.requireSize(request, settings.maxBodyBytes());
    }
}
