package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.ProgressBar;
import dev.sluice.worker.topics.AclErrors;
import dev.sluice.worker.topics.TopicState;
import java.util.List;
import java.util.Map;
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
        String dead = kafka.topics().dead();
        List<String> needed = List.of(kafka.topics().requests(), dead);
        try (Admin admin = AdminConnector.connect(kafka)) {
            Map<String, TopicState> found = TopicState.read(admin, needed, AdminTimeouts.FOREGROUND);
            for (String name : needed) {
                requireUsable(name, found.get(name));
            }
            int partitionCount = found.get(dead).partitions();
            try (DeadLetterTopic topic = new DeadLetterTopic(admin, kafka.properties(), dead, partitionCount)) {
                return action.run(topic);
            }
        } catch (TopicState.UnreadableException e) {
            throw unreadable(e);
        } catch (DeadLetterTopic.StalledException e) {
            return fail(String.valueOf(e.getMessage()));
        } catch (KafkaException e) {
            DebugLog.log(e);
            return fail(AclErrors.words(e, AclErrors.Right.READ).orElse("Kafka: " + e.getMessage()));
        }
    }

    private CommandException unreadable(TopicState.UnreadableException failure) {
        // the dead-letter topic is read later; of the request topic only the description is needed
        boolean isRead = failure.topic().equals(kafka.topics().dead());
        AclErrors.Right missing = isRead ? AclErrors.Right.READ : AclErrors.Right.DESCRIBE;
        return new CommandException(
                AclErrors.words(failure, missing).orElseGet(() -> String.valueOf(failure.getMessage())));
    }

    private void requireUsable(String name, @Nullable TopicState state) {
        if (state == null) {
            throw new CommandException(
                    "Kafka at " + kafka.servers() + " has no " + name + "; create it with 'sluice topics create"
                            + " --topic " + kafka.topics().base() + "', or name another queue with --topic");
        }
        if (state.isCompacted()) {
            throw new CommandException("topic " + name + " is compacted, so that what it holds is incomplete; set its"
                    + " cleanup.policy to delete");
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
