package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.SandboxBroker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BrokerRestartIT {
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");

    @Test
    void asksOutliveTheBroker() throws Exception {
        try (SandboxBroker broker = SandboxBroker.start();
                ManualResponder responder = new ManualResponder(broker.bootstrapServers(), "chat");
                ChatQueue queue = ChatQueue.connect(broker.bootstrapServers())) {
            List<CompletableFuture<ChatReply>> during =
                    Stream.generate(() -> queue.ask(REQUEST)).limit(200).toList();
            List<ConsumerRecord<byte[], byte[]>> taken = responder.take(200);

            responder.reply(taken.subList(0, 50), "re ");
            broker.restart();
            responder.reply(taken.subList(50, 100), "re ");

            assertThat(queue.submit(REQUEST)).succeedsWithin(Duration.ofSeconds(30));
            // Suspended before the kill: once the broker is gone, the client may forget its address before the request
            // is accepted.
            broker.suspend();
            CompletableFuture<Receipt> whileAway = queue.submit(REQUEST);
            assertThat(whileAway).isNotDone();
            broker.kill();
            broker.startAgain();
            assertThat(whileAway.join().topic()).isEqualTo("chat.requests");

            responder.reply(taken.subList(100, 200), "re ");
            assertThat(during)
                    .allSatisfy(reply -> assertThat(reply.join().text()).startsWith("re "));

            CompletableFuture<ChatReply> after = queue.ask(REQUEST);
            responder.reply(responder.take(3), "after ");
            assertThat(after.join().text()).startsWith("after ");
        }
    }
}
