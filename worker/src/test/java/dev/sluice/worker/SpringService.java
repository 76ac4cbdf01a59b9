package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;

/**
 * This service is written as a user of Spring writes it, with the user's own topic for replies. The lines between
 * {@code // tag} and {@code // end} are the example in the SDK's README. Thread-safe.
 */
class SpringService {
    /** The beans that a user adds to those of Spring Boot. */
    @Configuration
    @EnableKafka
    @Import({Boot.class, SpringService.class})
    static class Beans {
        // tag
        @Bean
        ReplyingKafkaTemplate<String, String, String> chat(
                ProducerFactory<String, String> producers,
                ConcurrentKafkaListenerContainerFactory<String, String> containers) {
            var replies = containers.createContainer("billing.replies");
            replies.getContainerProperties().setGroupId("billing-" + UUID.randomUUID()); // each instance reads all
            var chat = new ReplyingKafkaTemplate<String, String, String>(producers, replies);
            chat.setSharedReplyTopic(true);
            chat.setReplyErrorChecker(reply -> {
                byte[] status = reply.headers().lastHeader("sluice-status").value();
                boolean ok = new String(status, UTF_8).equals("ok");
                return ok ? null : new IllegalStateException("failed: " + reply.value());
            });
            return chat;
        }
        // end
    }

    /** A reply that the listener has received. */
    record Booked(String id, String status, String body) {}

    private final ReplyingKafkaTemplate<String, String, String> chat;
    private final BlockingQueue<Booked> booked = new LinkedBlockingQueue<>();

    SpringService(ReplyingKafkaTemplate<String, String, String> chat) {
        this.chat = chat;
    }

    BlockingQueue<Booked> booked() {
        return booked;
    }

    // tag
    String ask(String body, Duration timeout) throws Exception {
        String id = UUID.randomUUID().toString();
        var request = new ProducerRecord<String, String>("chat.requests", id, body);
        long deadline = System.currentTimeMillis() + timeout.toMillis(); // nobody pays for what is not awaited
        request.headers().add("sluice-id", id.getBytes(UTF_8));
        request.headers().add("sluice-expires-at", Long.toString(deadline).getBytes(UTF_8));
        return chat.sendAndReceive(request, timeout).get().value();
    }
    // end

    // tag
    @KafkaListener(topics = "chat.replies", groupId = "billing", properties = "auto.offset.reset=earliest")
    void book(@Payload String body, @Header("sluice-id") String id, @Header("sluice-status") String status) {
        booked.add(new Booked(id, status, body));
    }
    // end

    /** The beans that Spring Boot makes, with its names and types and the properties of the README. */
    @Configuration
    static class Boot {
        private final Map<String, Object> common;

        Boot(@Value("${spring.kafka.bootstrap-servers}") String servers) {
            this.common = Map.of("bootstrap.servers", servers);
        }

        @Bean
        DefaultKafkaProducerFactory<?, ?> kafkaProducerFactory() {
            return new DefaultKafkaProducerFactory<>(common, new StringSerializer(), new StringSerializer());
        }

        @Bean
        DefaultKafkaConsumerFactory<?, ?> kafkaConsumerFactory(
                @Value("${spring.kafka.consumer.isolation-level}") String isolation) {
            Map<String, Object> config = new HashMap<>(common);
            config.put("isolation.level", isolation);
            return new DefaultKafkaConsumerFactory<>(config, new StringDeserializer(), new StringDeserializer());
        }

        @Bean
        ConcurrentKafkaListenerContainerFactory<?, ?> kafkaListenerContainerFactory(
                DefaultKafkaConsumerFactory<Object, Object> consumers) {
            var containers = new ConcurrentKafkaListenerContainerFactory<Object, Object>();
            containers.setConsumerFactory(consumers);
            return containers;
        }
    }
}
