package dev.sluice.sandbox.junit;

import dev.sluice.sandbox.SandboxBroker;

/**
 * A Kafka that runs until it is closed.
 *
 * @param bootstrapServers the address for clients
 * @param end ends it
 */
record RunningKafka(String bootstrapServers, Runnable end) implements AutoCloseable {

    /** Starts the Kafka that the system properties choose and prints its kind once. */
    static RunningKafka start() {
        KafkaChoice choice = KafkaChoice.of(System.getProperty(KafkaChoice.PROPERTY), ContainerEngine::answers);
        RunningKafka kafka = switch (choice) {
            case EMBEDDED -> embedded();
            case TESTCONTAINERS -> container();
        };
        System.out.printf(
                "Kafka for these tests: %s at %s (-D%s)%n", choice, kafka.bootstrapServers, KafkaChoice.PROPERTY);
        return kafka;
    }

    private static RunningKafka embedded() {
        SandboxBroker broker = SandboxBroker.start();
        return new RunningKafka(broker.bootstrapServers(), broker::close);
    }

    private static RunningKafka container() {
        if (!ContainerEngine.testcontainersIsThere()) {
            throw new IllegalStateException("-D" + KafkaChoice.PROPERTY
                    + "=testcontainers needs org.testcontainers:testcontainers-kafka on the test class path");
        }
        return BrokerContainer.start();
    }

    @Override
    public void close() {
        end.run();
    }
}
