package dev.sluice.sandbox.junit;

import org.testcontainers.kafka.KafkaContainer;

/** Starts Kafka in a container. It is the only class that is linked against Testcontainers' Kafka module. */
final class BrokerContainer {

    /** The newest image of Kafka at the time of writing. {@code -Dsluice.test.kafka.image} sets another. */
    static final String IMAGE = "apache/kafka:4.3.1";

    static final String IMAGE_PROPERTY = "sluice.test.kafka.image";

    private BrokerContainer() {}

    /** Starts a container with the sandbox broker's settings, as far as a test could notice them. */
    @SuppressWarnings("resource") // RunningKafka closes it
    static RunningKafka start() {
        KafkaContainer container = new KafkaContainer(System.getProperty(IMAGE_PROPERTY, IMAGE))
                .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .withEnv("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
                .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1")
                .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1");
        container.start();
        return new RunningKafka(container.getBootstrapServers(), container::stop);
    }
}
