package dev.sluice.sandbox.junit;

import org.testcontainers.kafka.KafkaContainer;

/** Kafka in a container; the only class that is linked against Testcontainers' Kafka module. */
final class BrokerContainer {

    /** The newest image of Kafka at the time of writing; {@code -Dsluice.test.kafka.image} names another. */
    static final String IMAGE = "apache/kafka:4.3.1";

    static final String IMAGE_PROPERTY = "sluice.test.kafka.image";

    private BrokerContainer() {}

    /** Starts a container with the settings of the sandbox's broker that a test could notice. */
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
