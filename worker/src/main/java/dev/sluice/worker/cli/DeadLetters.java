package dev.sluice.worker.cli;

import dev.sluice.worker.cli.batch.Progress;
import dev.sluice.worker.cli.dlq.DeadTopic;
import dev.sluice.worker.intake.Denied;
import dev.sluice.worker.intake.TopicState;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** Opens the dead letters for a command, and says in its name what goes wrong with them. */
final class DeadLetters {
    private final Shell shell;
    private final String command;
    private final KafkaOptions kafka;

    /** What a command does with the opened topic; returns its exit code. */
    interface Work {
        int on(DeadTopic topic) throws InterruptedException;
    }

    DeadLetters(Shell shell, String command, KafkaOptions kafka) {
        this.shell = shell;
        this.command = command;
        this.kafka = kafka;
    }

    /** @throws Refusal where there is no broker, or a topic that is needed does not exist */
    int work(Work work) throws InterruptedException {
        String dead = kafka.topics().dead();
        List<String> needed = List.of(kafka.topics().requests(), dead);
        try (Admin admin = Broker.connect(kafka)) {
            Map<String, TopicState> found = TopicState.read(admin, needed, Broker.PATIENCE);
            for (String name : needed) {
                requireUsable(name, found.get(name));
            }
            int width = found.get(dead).partitions();
            try (DeadTopic topic = new DeadTopic(admin, kafka.properties(), dead, width)) {
                return work.on(topic);
            }
        } catch (TopicState.UnreadableException unreadable) {
            // dead letters are read in the end, of the requests' topic it is enough to know it
            Denied.Right lacking = unreadable.topic().equals(dead) ? Denied.Right.READ : Denied.Right.DESCRIBE;
            throw new Refusal(
                    Denied.words(unreadable, lacking).orElseGet(() -> String.valueOf(unreadable.getMessage())));
        } catch (DeadTopic.StalledException stalled) {
            return fail(String.valueOf(stalled.getMessage()));
        } catch (KafkaException failed) {
            Defects.log(failed);
            return fail(Denied.words(failed, Denied.Right.READ).orElse("Kafka: " + failed.getMessage()));
        }
    }

    private void requireUsable(String name, @Nullable TopicState state) {
        if (state == null) {
            throw new Refusal(
                    "Kafka at " + kafka.servers() + " has no " + name + "; create it with 'sluice topics create"
                            + " --topic " + kafka.topics().base() + "', or name another queue with --topic");
        }
        if (state.settings().getOrDefault("cleanup.policy", "delete").contains("compact")) {
            throw new Refusal("topic " + name + " is compacted, so that what it holds is incomplete; set its"
                    + " cleanup.policy to delete");
        }
    }

    int fail(String problem) {
        shell.err().println(command + ": " + problem);
        return Cli.FAILED;
    }

    /** Shows how far one reading is. */
    DeadTopic.Watch watch() {
        return new DeadTopic.Watch() {
            private @Nullable Progress progress;

            @Override
            public void at(long read, long total) {
                if (progress == null) {
                    progress = new Progress(shell.err(), shell.interactive(), System::nanoTime, total, 0);
                }
                progress.show(read, "reading dead letters");
                if (read >= total) {
                    progress.end();
                }
            }
        };
    }
}
