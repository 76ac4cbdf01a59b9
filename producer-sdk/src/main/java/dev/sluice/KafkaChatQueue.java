package dev.sluice;

import dev.sluice.wire.UuidV7;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
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

/** The queue on a real Kafka: checks, writes, sends; {@link AskInbox} does the waiting. */
final class KafkaChatQueue implements ChatQueue {
    private final QueueSettings settings;
    private final Producer<byte[], byte[]> producer;
    private final TopicExistenceCheck topic;
    private final SendFailures failures;
    private final AskInbox asks;
    private final UuidV7 ids;
    private final Clock clock;
    private final AtomicBoolean closed = new AtomicBoolean();

    KafkaChatQueue(
            QueueSettings settings,
            Producer<byte[], byte[]> producer,
            TopicExistenceCheck topic,
            AskInbox asks,
            UuidV7 ids,
            Clock clock) {
        this.settings = settings;
        this.producer = producer;
        this.topic = topic;
        this.failures = new SendFailures(settings);
        this.asks = asks;
        this.ids = ids;
        this.clock = clock;
    }

    /** Makes the producer, which connects in the background; everything else waits until it is needed. */
    static ChatQueue open(QueueSettings settings) {
        Clock clock = Clock.systemUTC();
        SecureRandom random = new SecureRandom();
        DeadlineScheduler deadlines = new DeadlineThread();
        PendingAsks pending = new PendingAsks(random.nextLong(), deadlines);
        AskInbox asks = new AskInbox(
                settings,
                pending,
                deadlines,
                () -> new ReplyInbox(settings, () -> inbox(settings), random, pending).start());
        TopicExistenceCheck topic = new RequestTopic(
                settings, new SendFailures(settings), () -> Admin.create(ClientProperties.admin(settings)));
        Producer<byte[], byte[]> producer = new KafkaProducer<>(
                ClientProperties.producer(settings), new ByteArraySerializer(), new ByteArraySerializer());
        return new KafkaChatQueue(settings, producer, topic, asks, new UuidV7(clock, random), clock);
    }

    private static KafkaConsumer<byte[], byte[]> inbox(QueueSettings settings) {
        return new KafkaConsumer<>(
                ClientProperties.inbox(settings), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public CompletableFuture<Receipt> submit(ChatRequest request) {
        try {
            check(request);
            topic.require();
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
        String id = id(request);
        Instant expiresAt = request.expiresAt().orElse(null);
        return send(RequestRecords.record(settings.topics().requests(), request, id, expiresAt, null), id);
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
            topic.require();
        } catch (InvalidChatRequestException | ChatQueueException e) {
            return CompletableFuture.failedFuture(e);
        }
        String id = id(request);
        return asks.ask(
                id,
                deadline,
                replyTo ->
                        send(RequestRecords.record(settings.topics().requests(), request, id, expiresAt, replyTo), id));
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        asks.close();
        try {
            producer.close(settings.closeTimeout());
        } catch (KafkaException e) {
            throw new ChatQueueException("the queue was closed, but not in good order: " + e.getMessage(), e);
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
                    receipt.completeExceptionally(explain(id, bytes, failure));
                }
            });
        } catch (RuntimeException e) { // Kafka's, or a partitioner's of the user's own
            receipt.completeExceptionally(explain(id, bytes, e));
        }
        return receipt;
    }

    /** An API error or an interrupt is a reason of its own; what else a producer says once it is closed is not. */
    private ChatQueueException explain(String id, int bytes, Throwable failure) {
        boolean ofItsOwn = failure instanceof ApiException || failure instanceof InterruptException;
        return closed.get() && !ofItsOwn ? failures.closed(id, failure) : failures.explain(id, bytes, failure);
    }

    private static Receipt receipt(String id, RecordMetadata sent) {
        return new Receipt(id, sent.topic(), sent.partition(), sent.offset(), Instant.ofEpochMilli(sent.timestamp()));
    }

    private String id(ChatRequest request) {
        return request.id().orElseGet(() -> ids.next().toString());
    }

    private void check(ChatRequest request) {
        Objects.requireNonNull(request, "request");
        if (closed.get()) {
            throw new ChatQueueException("the queue is closed");
        }
        RequestRules.requireSize(request, settings.maxBodyBytes());
    }
}
