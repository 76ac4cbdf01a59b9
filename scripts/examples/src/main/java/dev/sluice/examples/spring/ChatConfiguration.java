package dev.sluice.examples.spring;

import dev.sluice.ChatQueue;
import dev.sluice.ReplyConsumer;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Both beans have a {@code close()}, which Spring calls when the service stops: after the web server has let the requests
 * under way end, so that their asks still get their replies.
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
