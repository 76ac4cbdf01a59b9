package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.SandboxBroker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BrokerRestartIT {
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");

    @Test
    void anAskOutlivesTheBroker() throws Exception {
        try (SandboxBroker broker = SandboxBroker.start();
                ManualResponder responder = new ManualResponder(broker.bootstrapServers(), "chat");
                ChatQueue queue = ChatQueue.connect(broker.bootstrapServers())) {
            CompletableFuture<ChatReply> during = queue.ask(REQUEST);
            List<ConsumerRecord<byte[], byte[]>> taken = responder.take(1);

            broker.restart();
            responder.reply(taken, "re ");
            assertThat(during.join().text()).startsWith("re ");

            assertThat(queue.submit(REQUEST)).succeedsWithin(Duration.ofSeconds(30));
            // Suspended before the kill: once the broker is gone, the client may forget its address before the request
            // is accepted.
            broker.suspend();
            CompletableFuture<Receipt> whileAway = queue.submit(REQUEST);
            assertThat(whileAway).isNotDone();
            broker.kill();
            broker.startAgain();
            assertThat(whileAway.join().topic()).isEqualTo("chat.requests");

            CompletableFuture<ChatReply> after = queue.ask(REQUEST);
            responder.reply(responder.take(3), "after ");
            assertThat(after.join().text()).startsWith("after ");
        }
    }
}
