package dev.sluice.worker.cli.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.topics.TopicPlan;
import java.util.List;
import java.util.OptionalInt;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice topics create}. */
@Command(
        name = "create",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Create the topics of a queue that do not exist yet. Can be run any number of times: existing topics "
                    + "stay as they are, and what differs is shown with the command that changes it.",
            "",
            "Two things are changed. Where --partitions is given and larger, every input topic (requests, express, "
                    + "retry, overflow, delay) is widened. Where --max-request-bytes is given and larger, topics take "
                    + "larger records. Neither is ever made smaller."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice topics create --partitions 24 --replication 3",
            "  sluice topics create --topic bulk --retention 14d",
            "  sluice topics create --print --partitions 24 --replication 3 >topics.yaml"
        })
public final class TopicsCreateCommand implements Subcommand {
    // Kafka makes at most 10,000 partitions at a time, and overflow is the widest topic
    private static final int MOST_PARTITIONS = 10_000 / Topics.OVERFLOW_PARTITIONS;

    private final Terminal terminal;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            description = {
                "Partitions of each topic, and of overflow " + Topics.OVERFLOW_PARTITIONS
                        + " times as many: at most so many workers share the queue. The topics of workers, of cancel "
                        + "marks and of answers of batches always have one.",
                "  Default: as many as the input topics have, else " + TopicPlan.BUNDLES
            })
    private @Nullable Integer partitions;

    @Option(
            names = "--replication",
            paramLabel = "N",
            defaultValue = "-1",
            description = "Copies of each partition; -1: the broker's default. Production wants 3.")
    private int replication;

    @Option(
            names = "--print",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Print the topics as YAML and create nothing, for whoever else creates them. Kafka is not "
                    + "asked.")
    private boolean print;

    @Mixin
    private TopicOptions options = new TopicOptions();

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public TopicsCreateCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        if (partitions != null && (partitions < 1 || partitions > MOST_PARTITIONS)) {
            problems.add(OptionError.of("--partitions", "1 to " + MOST_PARTITIONS, partitions));
        }
        if (replication == 0 || replication < -1 || replication > Short.MAX_VALUE) {
            problems.add(OptionError.of("--replication", "1 or more, or -1 for the broker's default", replication));
        }
        options.check(problems);
    }

    @Override
    public int run() throws InterruptedException {
        List<TopicPlan> plans = options.plans(kafka.topics());
        if (print) {
            int bundles = partitions == null ? TopicPlan.BUNDLES : partitions;
            TopicsYaml.print(terminal.out(), plans, bundles, replication);
            return ExitCode.DONE;
        }
        OptionalInt asked = partitions == null ? OptionalInt.empty() : OptionalInt.of(partitions);
        try (Admin admin = AdminConnector.connect(kafka)) {
            return new TopicCreation(terminal, admin, kafka.topics(), plans, asked, replication, options.enlarges())
                    .run();
        }
    }
}
