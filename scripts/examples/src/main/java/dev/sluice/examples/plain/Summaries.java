package dev.sluice.examples.plain;

import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.ChatRequestBuilder;
import dev.sluice.Receipt;
import dev.sluice.ReplyTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Has texts summed up: some time later, or while the caller waits. Thread-safe, as the queue is. */
public final class Summaries {
    /** Failures that may be over the next time; the others would come again. */
    private static final Set<String> WORTH_A_REPLAY = Set.of("attempts_exhausted", "expired");

    private final ChatQueue queue;
    private final String model;

    public Summaries(ChatQueue queue, String model) {
        this.queue = queue;
        this.model = model;
    }

    /** Publishes and goes on; whoever reads the replies knows the summary by this id. */
    public CompletableFuture<Receipt> order(String id, String text) {
        return queue.submit(request(text).id(id).tenant("reports").build());
    }

    /** The summary, or in words why there is none. */
    public String now(String text, Duration deadline) {
        try {
            ChatReply reply = queue.ask(request(text).build(), deadline).join();
            return reply.ok() ? reply.text() : failure(reply);
        } catch (CompletionException e) {
            if (e.getCause() instanceof ReplyTimeoutException late) {
                return "not yet: request " + late.id() + " has expired, ask again";
            } else if (e.getCause() instanceof ChatQueueException unpublished) {
                return "not published: " + unpublished.getMessage();
            }
            throw e;
        }
    }

    /** What failed lies in the dead-letter topic, too: an operator can replay it, and the reply comes a second time. */
    public static String failure(ChatReply reply) {
        String reason = reply.reason().orElse("unknown");
        String again = WORTH_A_REPLAY.contains(reason) ? ", try: scripts/sluice dlq replay --id " + reply.id() : "";
        return "failed: " + reason + again;
    }

    private ChatRequestBuilder request(String text) {
        return ChatRequest.builder()
                .model(model)
                .system("Sum up in one sentence.")
                .user(text)
                .maxTokens(500);
    }
}
