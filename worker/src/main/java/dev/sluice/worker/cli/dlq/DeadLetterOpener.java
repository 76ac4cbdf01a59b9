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

/** Opens the dead letters for a command, and says in its name what goes wrong with them. */
final class DeadLetterOpener {
    private final Terminal terminal;
    private final String command;
    private final KafkaOptions kafka;

    /** What a command does with the opened topic; returns its exit code. */
    interface Work {
        int on(DeadLetterTopic topic) throws InterruptedException;
    }

    DeadLetterOpener(Terminal terminal, String command, KafkaOptions kafka) {
        this.terminal = terminal;
        this.command = command;
        this.kafka = kafka;
    }

    /** @throws CommandException where there is no broker, or a topic that is needed does not exist */
    int work(Work work) throws InterruptedException {
        String dead = kafka.topics().dead();
        List<String> needed = List.of(kafka.topics().requests(), dead);
        try (Admin admin = AdminConnector.connect(kafka)) {
            Map<String, TopicState> found = TopicState.read(admin, needed, AdminTimeouts.FOREGROUND);
            for (String name : needed) {
                requireUsable(name, found.get(name));
            }
            int width = found.get(dead).partitions();
            try (DeadLetterTopic topic = new DeadLetterTopic(admin, kafka.properties(), dead, width)) {
                return work.on(topic);
            }
        } catch (TopicState.UnreadableException unreadable) {
            // dead letters are read in the end, of the requests' topic it is enough to know it
            AclErrors.Right lacking = unreadable.topic().equals(dead) ? AclErrors.Right.READ : AclErrors.Right.DESCRIBE;
            throw new CommandException(
                    AclErrors.words(unreadable, lacking).orElseGet(() -> String.valueOf(unreadable.getMessage())));
        } catch (DeadLetterTopic.StalledException stalled) {
            return fail(String.valueOf(stalled.getMessage()));
        } catch (KafkaException failed) {
            DebugLog.log(failed);
            return fail(AclErrors.words(failed, AclErrors.Right.READ).orElse("Kafka: " + failed.getMessage()));
        }
    }

    private void requireUsable(String name, @Nullable TopicState state) {
        if (state == null) {
            throw new CommandException(
                    "Kafka at " + kafka.servers() + " has no " + name + "; create it with 'sluice topics create"
                            + " --topic " + kafka.topics().base() + "', or name another queue with --topic");
        }
        if (state.settings().getOrDefault("cleanup.policy", "delete").contains("compact")) {
            throw new CommandException("topic " + name + " is compacted, so that what it holds is incomplete; set its"
                    + " cleanup.policy to delete");
        }
    }

    int fail(String problem) {
        terminal.err().println(command + ": " + problem);
        return ExitCode.FAILED;
    }

    /** Shows how far one reading is. */
    DeadLetterTopic.Watch watch() {
        return new DeadLetterTopic.Watch() {
            private @Nullable ProgressBar progress;

            @Override
            public void at(long read, long total) {
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
