package dev.sluice;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The queue on a real Kafka. */
final class KafkaChatQueue implements ChatQueue {
    private final QueueSettings settings;

    private KafkaChatQueue(QueueSettings settings) {
        this.settings = settings;
    }

    static ChatQueue open(QueueSettings settings) {
        return new KafkaChatQueue(settings);
    }

    @Override
    public CompletableFuture<Receipt> submit(ChatRequest request) {
        return CompletableFuture.failedFuture(new ChatQueueException("not connected"));
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request) {
        return ask(request, settings.defaultDeadline());
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request, Duration deadline) {
        return CompletableFuture.failedFuture(new ChatQueueException("not connected"));
    }

    @Override
    public void close() {}
}
