package dev.sluice.sandbox.junit;

import dev.sluice.sandbox.SandboxBroker;

/**
 * A Kafka that runs until it is closed.
 *
 * @param bootstrapServers the address for clients
 * @param stop ends it
 */
record RunningKafka(String bootstrapServers, Runnable stop) implements AutoCloseable {

    /** Starts the Kafka that the system properties choose and prints its kind once. */
    static RunningKafka start() {
        KafkaChoice choice = KafkaChoice.of(System.getProperty(KafkaChoice.PROPERTY), ContainerEngine::isAvailable);
        RunningKafka kafka = switch (choice) {
            case EMBEDDED -> startEmbedded();
            case TESTCONTAINERS -> startContainer();
        };
        System.out.printf(
                "Kafka for these tests: %s at %s (-D%s)%n", choice, kafka.bootstrapServers, KafkaChoice.PROPERTY);
        return kafka;
    }

    private static RunningKafka startEmbedded() {
        SandboxBroker broker = SandboxBroker.start();
        return new RunningKafka(broker.bootstrapServers(), broker::close);
    }

    private static RunningKafka startContainer() {
        if (!ContainerEngine.hasTestcontainers()) {
            throw new IllegalStateException("-D" + KafkaChoice.PROPERTY
                    + "=testcontainers needs org.testcontainers:testcontainers-kafka on the test class path");
        }
        return BrokerContainer.start();
    }

    @Override
    public void close() {
        stop.run();
    }
}
