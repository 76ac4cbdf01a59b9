package dev.sluice.worker.cli;

import dev.sluice.worker.intake.Denied;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaFuture;

/** Waits for what an admin client was asked; its own timeout is the bound. */
final class KafkaAnswers {
    private KafkaAnswers() {}

    /** @throws Refusal naming {@code what}, where Kafka does not tell */
    static <T> T await(KafkaFuture<T> answer, String what) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException failed) {
            throw refusal(what, failed.getCause());
        }
    }

    static Refusal refusal(String what, Throwable cause) {
        return new Refusal("cannot read " + what + ": "
                + Denied.words(cause, Denied.Right.DESCRIBE)
                        .orElseGet(() -> cause.getMessage() + "; try again, and look at the broker's log"));
    }
}
