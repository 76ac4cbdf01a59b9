package dev.sluice.worker.cli.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.options.Converters.ByteSize;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.topics.TopicPlan;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for what a queue's topics take and how long they keep it. */
final class TopicOptions {
    private static final int MOST_REQUEST_BYTES = 1 << 30;

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

    @Option(
            names = "--max-request-bytes",
            paramLabel = "SIZE",
            description = {
                "The largest body of a request that the topics take, as the workers have it. `topics create` enlarges "
                        + "existing topics that take less.",
                "  Default: 1 MiB, and existing topics stay as they are"
            })
    private @Nullable ByteSize maxRequestBytes;

    void check(List<String> problems) {
        if (maxRequestBytes != null && (maxRequestBytes.bytes() < 1 || maxRequestBytes.bytes() > MOST_REQUEST_BYTES)) {
            problems.add(OptionError.of("--max-request-bytes", "1B to 1GiB", maxRequestBytes));
        }
        if (retention.toMillis() < 1) {
            problems.add(OptionError.of("--retention", "more than zero", retention));
        }
        if (deadRetention.toMillis() < 1) {
            problems.add(OptionError.of("--dead-retention", "more than zero", deadRetention));
        }
    }

    /** Returns the plan of each topic that {@code topics create} would make. */
    List<TopicPlan> plans(Topics topics) {
        int bytes = maxRequestBytes == null ? TopicPlan.MAX_REQUEST_BYTES : (int) maxRequestBytes.bytes();
        return TopicPlan.of(topics, retention, deadRetention, bytes);
    }

    /** Returns whether existing topics are to take larger records. */
    boolean enlarges() {
        return maxRequestBytes != null;
    }
}
