package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.Settings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The way of a request through one worker, on a real Kafka and over real HTTP. */
class WorkerIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(Settings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void passesBodiesByteForByte() throws Exception {
        String value =
                "{ \"messages\" : [{\"role\":\"user\",\"content\":\"h\\u00e4llo\"}],\n\"new_field\":[1.50], \"model\":\"m\" }";

        queue.publish(value);
        List<ConsumerRecord<byte[], byte[]>> replies;
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            replies = queue.awaitReplies(1);
        }

        assertThat(new String(api.received().orElseThrow().body(), UTF_8)).isEqualTo(value);
        assertThat(header(replies.get(0), WireHeaders.STATUS)).isEqualTo("ok");
        assertThat(new String(replies.get(0).value(), UTF_8)).startsWith("{").contains("choices");
    }

    @Test
    void answersEveryRequestOnce() throws Exception {
        int requests = 300;
        for (int i = 0; i < requests; i++) {
            queue.publish(body("m", "question " + i));
        }

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(requests);
            await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
        }

        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        Set<String> ids =
                replies.stream().map(reply -> header(reply, WireHeaders.ID)).collect(Collectors.toSet());
        assertThat(replies).hasSize(requests);
        assertThat(ids).hasSize(requests);
        assertThat(api.calls()).isEqualTo(requests);
    }
}
