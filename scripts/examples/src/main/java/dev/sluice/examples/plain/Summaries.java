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

/** Summarises texts, either some time later or while the caller waits. It is thread-safe, like the queue. */
public final class Summaries {
    /** The reasons for which a replay can help. Other failures would happen again. */
    private static final Set<String> WORTH_A_REPLAY = Set.of("attempts_exhausted", "expired");

    private final ChatQueue queue;
    private final String model;

    public Summaries(ChatQueue queue, String model) {
        this.queue = queue;
        this.model = model;
    }

    /** Publishes a text and does not wait. The reader of the replies recognises the summary by this id. */
    public CompletableFuture<Receipt> order(String id, String text) {
        return queue.submit(request(text).id(id).tenant("reports").build());
    }

    /** Returns the summary, or a text that explains why there is none. */
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

    /**
     * Returns a text for a failed reply. The request is in the dead-letter topic too, where an operator can replay it.
     * The reply then comes a second time.
     */
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
