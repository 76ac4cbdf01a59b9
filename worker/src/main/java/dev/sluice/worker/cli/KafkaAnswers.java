package dev.sluice.worker.cli;

import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.AuthorizationException;

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
        String remedy = cause instanceof AuthorizationException
                ? "give this user the right to describe it"
                : "try again, and look at the broker's log";
        return new Refusal("cannot read " + what + ": " + cause.getMessage() + "; " + remedy);
    }
}
