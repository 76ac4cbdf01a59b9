package dev.sluice.examples.plain;

import dev.sluice.ChatQueue;
import dev.sluice.ReplyConsumer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Runs the whole example once: {@code PlainExample [BOOTSTRAP_SERVERS [MODEL]]}. It needs a running worker. It prints
 * one summary that it waited for and three that it read later.
 */
public final class PlainExample {
    private static final List<String> TEXTS = List.of("the first text", "the second text", "the third text");

    private PlainExample() {}

    public static void main(String[] args) throws InterruptedException {
        String servers = args.length > 0 ? args[0] : "localhost:9092";
        String model = args.length > 1 ? args[1] : "openai/gpt-oss-20b";
        String run = UUID.randomUUID().toString();
        CountDownLatch missing = new CountDownLatch(TEXTS.size());

        try (ChatQueue queue = ChatQueue.connect(servers);
                ReplyConsumer replies = ReplyConsumer.builder()
                        .bootstrapServers(servers)
                        .group("plain-example-" + run)
                        .handler(reply -> {
                            if (reply.id().startsWith(run)) { // the topic has the replies to all clients
                                System.out.println(
                                        reply.id() + ": " + (reply.ok() ? reply.text() : Summaries.failure(reply)));
                                missing.countDown();
                            }
                        })
                        .start()) {
            Summaries summaries = new Summaries(queue, model);
            for (int i = 0; i < TEXTS.size(); i++) {
                summaries.order(run + "/" + i, TEXTS.get(i)).join(); // or keep the futures and join them all later
            }
            System.out.println("at once: " + summaries.now("a text someone waits for", Duration.ofMinutes(1)));
            boolean complete = missing.await(1, TimeUnit.MINUTES);
            System.out.println(complete ? "done" : "incomplete: " + replies.failure());
        }
    }
}
