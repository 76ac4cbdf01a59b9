package dev.sluice.worker.kafka;

import dev.sluice.worker.cli.command.CommandException;
import dev.sluice.worker.topics.AclErrors;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaFuture;

/** Waits for what an admin client was asked; its own timeout is the bound. */
public final class AdminResults {
    private AdminResults() {}

    /** @throws CommandException naming {@code what}, where Kafka does not tell */
    static <T> T await(KafkaFuture<T> answer, String what) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException failed) {
            throw refusal(what, failed.getCause());
        }
    }

    public static CommandException refusal(String what, Throwable cause) {
        return new CommandException("cannot read " + what + ": "
                + AclErrors.words(cause, AclErrors.Right.DESCRIBE)
                        .orElseGet(() -> cause.getMessage() + "; try again, and look at the broker's log"));
    }
}
