package dev.sluice.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ChatFailedException;
import dev.sluice.ChatQueue;
import dev.sluice.ChatRequest;
import dev.sluice.ReplyConsumer;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

@Timeout(60)
class ChatServiceTest {
    @Test
    void controllerAnswersWithoutKafka() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "Because.");

        assertThat(new ChatController(queue, new Answers(), "m").ask("Why?").join())
                .isEqualTo("Because.");
    }

    @Test
    void aFailedReplyFailsTheAsk() {
        InMemoryChatQueue queue =
                InMemoryChatQueue.replying(asked -> ChatReplies.failed(asked, Reason.REJECTED, 400, "no"));

        assertThatThrownBy(new ChatController(queue, new Answers(), "m").ask("Why?")::join)
                .hasCauseInstanceOf(ChatFailedException.class);
    }

    @Test
    void serviceStartsWithoutKafkaAndClosesItsBeans() {
        ConfigurableApplicationContext service =
                SpringApplication.run(ChatApplication.class, "--server.port=0", "--chat.bootstrap-servers=localhost:1");
        ChatQueue queue = service.getBean(ChatQueue.class);
        ReplyConsumer replies = service.getBean(ReplyConsumer.class);
        assertThat(replies.failure()).isEmpty();

        service.close();

        assertThatThrownBy(() -> queue.submit(
                                ChatRequest.builder().model("m").user("Why?").build())
                        .join())
                .hasMessageContaining("the queue is closed");
        assertThat(replies.stopped()).isDone();
    }
}
