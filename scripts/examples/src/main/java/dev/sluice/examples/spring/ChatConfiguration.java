package dev.sluice.examples.spring;

import dev.sluice.ChatQueue;
import dev.sluice.ReplyConsumer;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Defines the queue and the reply consumer as beans. Spring calls their {@code close()} when the service stops. By then
 * the web server has let the open requests end, so their asks still get their replies.
 */
@Configuration(proxyBeanMethods = false)
class ChatConfiguration {
    // tag spring
    @Bean
    ChatQueue chatQueue(@Value("${chat.bootstrap-servers}") String servers) {
        return ChatQueue.connect(servers);
    }

    @Bean
    ReplyConsumer replies(@Value("${chat.bootstrap-servers}") String servers, Answers answers) {
        return ReplyConsumer.builder()
                .bootstrapServers(servers)
                .group("answers")
                .handler(answers::keep)
                .start();
    }
    // end
}
