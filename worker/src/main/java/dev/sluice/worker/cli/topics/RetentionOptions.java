package dev.sluice.worker.cli.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.topics.TopicPlan;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** The options for how long a queue's topics keep their records. */
final class RetentionOptions {
    @Option(
            names = "--retention",
            paramLabel = "DURATION",
            defaultValue = "7d",
            description = "How long requests and replies are kept. A request that was not read by then is lost.")
    private Duration retention = Duration.ZERO;

    @Option(
            names = "--dead-retention",
            paramLabel = "DURATION",
            defaultValue = "30d",
            description = "How long dead letters are kept.")
    private Duration deadRetention = Duration.ZERO;

    void check(List<String> problems) {
        if (retention.toMillis() < 1) {
            problems.add(OptionError.of("--retention", "more than zero", retention));
        }
        if (deadRetention.toMillis() < 1) {
            problems.add(OptionError.of("--dead-retention", "more than zero", deadRetention));
        }
    }

    /** Returns the plan of each topic that {@code topics create} would make. */
    List<TopicPlan> plans(Topics topics) {
        return TopicPlan.of(topics, retention, deadRetention);
    }
}
