package dev.sluice.worker.cli.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.TopicCheck;
import dev.sluice.worker.topics.TopicDifference;
import dev.sluice.worker.topics.TopicPlan;
import dev.sluice.worker.topics.TopicState;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice topics describe}. */
@Command(
        name = "describe",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Show the topics of a queue, what is wrong with them, what differs from what 'topics create' would make "
                    + "with the same --retention and --dead-retention, and how it is changed.",
            "Exits with 1 where a worker would refuse to start."
        },
        footerHeading = "%nWith --json:%n",
        footer = {
            "  queue; topics: one per topic, with topic, exists, partitions, replication,",
            "    settings (Kafka's names, values as texts; empty where they may not be read),",
            "    differences: setting (or partitions), actual, planned, remedy;",
            "  errors (a worker would refuse to start), warnings: sentences.",
            "Later releases may add fields."
        })
public final class TopicsDescribeCommand implements Subcommand {
    private final Terminal terminal;

    @Option(names = "--json", defaultValue = "false", description = "Print one JSON object on one line.")
    private boolean json;

    @Mixin
    private TopicOptions options = new TopicOptions();

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public TopicsDescribeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        options.check(problems);
    }

    @Override
    public int run() throws InterruptedException {
        Topics topics = kafka.topics();
        try (Admin admin = AdminConnector.connect(kafka)) {
            Map<String, TopicState> states = TopicState.read(admin, topics.all(), AdminTimeouts.FOREGROUND);
            List<TopicPlan> plans = options.plans(topics);
            TopicCheck check = TopicCheck.of(topics, states);
            List<TopicDifference> differences =
                    TopicDifference.of(topics, plans, states, TopicDifference.widest(plans, states));
            if (json) {
                terminal.out().println(TopicsJson.of(topics.base(), plans, states, check, differences));
            } else {
                print(states, check, differences);
            }
            return check.refusals().isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
        } catch (TopicState.UnreadableException e) {
            throw new CommandException(e.getMessage());
        }
    }

    private void print(Map<String, TopicState> states, TopicCheck check, List<TopicDifference> differences) {
        PrintStream out = terminal.out();
        TopicTable.print(out, kafka.topics().all(), states, name -> states.containsKey(name) ? "" : "missing");
        check.refusals().forEach(problem -> out.println("error: " + problem));
        check.warnings().forEach(problem -> out.println("warning: " + problem));
        differences.stream()
                .filter(difference -> !isCovered(difference, check))
                .forEach(difference -> out.println("differs: " + difference.sentence()));
    }

    /** Returns true if an error or a warning already covers the setting. For different widths there always is one. */
    private static boolean isCovered(TopicDifference difference, TopicCheck check) {
        return difference.setting().equals(TopicDifference.PARTITIONS)
                || Stream.concat(check.refusals().stream(), check.warnings().stream())
                        .anyMatch(problem -> problem.contains("topic " + difference.topic() + " ")
                                && problem.contains(difference.setting()));
    }
}
