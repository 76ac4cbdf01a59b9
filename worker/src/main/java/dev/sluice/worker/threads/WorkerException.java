package dev.sluice.worker.threads;

/** Ends a worker for a reason that a person can mend. The message says what was wrong and what to do. */
public final class WorkerException extends RuntimeException {
    public WorkerException(String message) {
        super(message);
    }

    public WorkerException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Reports that Kafka has shut this worker out in favour of another one with the same instance id. */
    public static WorkerException sameInstanceId(Throwable cause) {
        return new WorkerException("another worker runs with the same --instance-id; each needs one of its own", cause);
    }
}
