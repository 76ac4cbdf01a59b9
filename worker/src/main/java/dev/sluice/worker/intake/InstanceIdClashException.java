package dev.sluice.worker.intake;

/** Another worker runs with the same instance id, so that Kafka has shut this one out. */
public final class InstanceIdClashException extends RuntimeException {
    public InstanceIdClashException(Throwable cause) {
        super("another worker runs with the same --instance-id; each needs one of its own", cause);
    }
}
