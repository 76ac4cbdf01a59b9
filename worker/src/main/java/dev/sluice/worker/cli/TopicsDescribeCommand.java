package dev.sluice.worker.cli;

import dev.sluice.wire.Topics;
import dev.sluice.worker.intake.TopicCheck;
import dev.sluice.worker.intake.TopicState;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code sluice topics describe}. */
@Command(
        name = "describe",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Show the topics of a queue, and what is wrong with them and how it is mended.",
            "Exits with 1 where a worker would refuse to start."
        })
final class TopicsDescribeCommand implements Subcommand {
    private final Shell shell;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    TopicsDescribeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
    }

    @Override
    public int run() throws InterruptedException {
        Topics topics = kafka.topics();
        try (Admin admin = Broker.connect(kafka)) {
            Map<String, TopicState> states = TopicState.read(admin, topics.all(), Broker.PATIENCE);
            TopicTable.print(shell.out(), topics.all(), states, name -> states.containsKey(name) ? "" : "missing");
            TopicCheck check = TopicCheck.of(topics, states);
            check.refusals().forEach(problem -> shell.out().println("error: " + problem));
            check.warnings().forEach(problem -> shell.out().println("warning: " + problem));
            return check.refusals().isEmpty() ? 0 : Cli.FAILED;
        } catch (TopicState.UnreadableException unreadable) {
            throw new Refusal(unreadable.getMessage());
        }
    }
}
