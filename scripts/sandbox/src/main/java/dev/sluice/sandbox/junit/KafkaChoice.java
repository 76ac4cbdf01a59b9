package dev.sluice.sandbox.junit;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The Kafka that the tests of this JVM run against. */
enum KafkaChoice {
    EMBEDDED("the sandbox's broker"),
    TESTCONTAINERS("a container");

    static final String PROPERTY = "sluice.test.kafka";

    private final String description;

    KafkaChoice(String description) {
        this.description = description;
    }

    /**
     * Reads the choice from the system property.
     *
     * @param value the property's value; null or {@code auto} chooses a container if an engine answers
     * @param containersWork called for {@code auto} only
     * @throws IllegalArgumentException for any other value
     */
    static KafkaChoice of(@Nullable String value, BooleanSupplier containersWork) {
        return switch (value == null ? "auto" : value) {
            case "auto" -> containersWork.getAsBoolean() ? TESTCONTAINERS : EMBEDDED;
            case "embedded" -> EMBEDDED;
            case "testcontainers" -> TESTCONTAINERS;
            default ->
                throw new IllegalArgumentException(
                        "-D" + PROPERTY + "=" + value + ": must be auto, embedded or testcontainers");
        };
    }

    @Override
    public String toString() {
        return description;
    }
}
