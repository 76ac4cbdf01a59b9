package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.ProgressBar;
import dev.sluice.worker.topics.AclErrors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** Opens the dead-letter topic for a command and reports its failures with the name of the command. */
final class DeadLetterOpener {
    private final Terminal terminal;
    private final String command;
    private final KafkaOptions kafka;

    /** The action of a command on the opened topic. */
    interface Action {
        /** Returns the exit code. */
        int run(DeadLetterTopic topic) throws InterruptedException;
    }

    DeadLetterOpener(Terminal terminal, String command, KafkaOptions kafka) {
        this.terminal = terminal;
        this.command = command;
        this.kafka = kafka;
    }

    /**
     * Opens the topic, runs the action and closes the topic.
     *
     * @throws CommandException if no broker answers, or a topic is missing, may not be read or cannot be used
     */
    int run(Action action) throws InterruptedException {
        try (Admin admin = AdminConnector.connect(kafka);
                DeadLetterTopic topic = DeadLetterTopic.open(admin, kafka.properties(), kafka.topics())) {
            return action.run(topic);
        } catch (DeadLetterTopic.StalledException e) {
            return fail(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            DebugLog.log(e);
            return fail(AclErrors.words(e, AclErrors.Right.READ).orElse("Kafka: " + e.getMessage()));
        }
    }

    /** Prints the problem and returns the exit code of a failure. */
    int fail(String problem) {
        terminal.err().println(command + ": " + problem);
        return ExitCode.FAILED;
    }

    /** Returns a listener that shows the progress of one read of the topic. */
    DeadLetterTopic.ProgressListener progress() {
        return new DeadLetterTopic.ProgressListener() {
            private @Nullable ProgressBar progress;

            @Override
            public void progressed(long read, long total) {
                if (progress == null) {
                    progress = new ProgressBar(terminal.err(), terminal.interactive(), System::nanoTime, total, 0);
                }
                progress.show(read, "reading dead letters");
                if (read >= total) {
                    progress.end();
                }
            }
        };
    }
}
