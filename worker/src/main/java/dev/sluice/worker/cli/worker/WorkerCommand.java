package dev.sluice.worker.cli.worker;

import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.Converters.ByteSize;
import dev.sluice.worker.cli.options.ModelLimit;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.RequestLogOptions;
import dev.sluice.worker.cli.options.TenantWeight;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice worker}. It turns its options into a {@link WorkerConfig}. */
@Command(
        name = "worker",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Take requests off the queue, call the API within its limits, and publish the replies, until SIGTERM or "
                    + "Ctrl-C.",
            "",
            "On either signal the worker takes nothing new, lets the calls under way end for up to --drain-timeout, "
                    + "publishes their replies and exits with 0. A second Ctrl-C changes nothing. SIGKILL does no "
                    + "harm: what was under way is called again by another worker."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice worker --limit 'openai/gpt-oss-20b=10/s' --limit '*=600/min,90000 tokens/min'",
            "  SLUICE_LIMIT='*=none' SLUICE_MAX_IN_FLIGHT=64 sluice worker --config worker.properties",
            "",
            "Durations: 25s, 500ms, 5m, 1h30m, 7d or PT25S. Sizes: 64MiB, 512KiB, 1GiB or a number of bytes."
        })
public final class WorkerCommand implements Subcommand {
    private final Terminal terminal;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private ApiOptions api = new ApiOptions();

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Option(
            names = "--group",
            paramLabel = "NAME",
            defaultValue = "sluice",
            description = "Consumer group: all workers of one queue have the same.")
    private String group = "";

    @Option(
            names = "--new-group",
            defaultValue = "false",
            description = "Let a group that is new to this queue begin at its first record, though another group has "
                    + "worked on it. All requests that Kafka still has are then called again.")
    private boolean newGroup;

    @Option(
            names = "--limit",
            paramLabel = "MODEL=RATE",
            split = ";",
            description = {
                "How fast a model may be called at most: MODEL=10/s, /min, /h or /day, 'MODEL=10/s,4000 tokens/s', or "
                        + "MODEL=none for not paced at all. Calls are spread evenly over that time. MODEL * is every "
                        + "model without a limit of its own. A+B=20/s is one limit over both models together, and "
                        + "all=20/s one over all of them, beside the limit that each may have. Repeatable; several in "
                        + "one value are separated by ';'.",
                "  Default: found out, from the API's headers and rejections"
            })
    private List<ModelLimit> limits = new ArrayList<>();

    @Option(
            names = "--max-in-flight",
            paramLabel = "CALLS",
            defaultValue = "512",
            description =
                    "Most calls under way at once in this worker. One model has at most half of them, express calls "
                            + "apart, so that calls that hang leave room for others.")
    private int maxInFlight;

    @Option(
            names = "--weight",
            paramLabel = "TENANT=N",
            split = ";",
            description = {
                "How many turns a tenant has where others have one, while all of them wait: 1 to 1000. Repeatable; "
                        + "several in one value are separated by ';'.",
                "  Default: 1 for each"
            })
    private List<TenantWeight> weights = new ArrayList<>();

    @Option(
            names = "--call-timeout",
            paramLabel = "DURATION",
            defaultValue = "5m",
            description = "Deadline of one call, from connecting to the last byte of the answer.")
    private Duration callTimeout = Duration.ZERO;

    @Option(
            names = "--max-attempts",
            paramLabel = "N",
            defaultValue = "5",
            description = "Least number of failed calls that makes a dead letter, if a comparison with other requests "
                    + "blames the request. A 429 is not counted.")
    private int maxAttempts;

    @Option(
            names = "--max-age",
            paramLabel = "DURATION",
            description = {
                "Oldest request that is still called; older ones fail with reason expired. Counted from when it was",
                "enqueued; before its first call from its not-before where that is later. Example: 24h",
                "  Default: no limit"
            })
    private @Nullable Duration maxAge;

    @Option(
            names = "--drain-timeout",
            paramLabel = "DURATION",
            defaultValue = "25s",
            description =
                    "How long calls under way may go on when the worker stops or gives partitions up. Kubernetes kills "
                            + "after 30 s unless terminationGracePeriodSeconds says otherwise: stay below it.")
    private Duration drainTimeout = Duration.ZERO;

    @Option(
            names = "--instance-id",
            paramLabel = "ID",
            description = {
                "Fixed name of this worker, unique in its group, for example a StatefulSet's pod name. A restart "
                        + "within the session timeout then keeps its partitions.",
                "  Default: a new one at each start"
            })
    private @Nullable String instanceId;

    @Option(
            names = "--reply-topics",
            paramLabel = "REGEX",
            split = ";",
            description = {
                "Topics that requests may name for their replies: regular expressions for the whole name. Example: "
                        + "team-a[.].* ([.] is a dot, also in a properties file, which swallows single backslashes). "
                        + "Repeatable; several in one value are separated by ';'.",
                "  Default: only NAME.replies, NAME.replies.door and NAME.replies.batches"
            })
    private List<Pattern> replyTopics = new ArrayList<>();

    @Option(
            names = "--read-ahead",
            paramLabel = "REQUESTS",
            defaultValue = "2000",
            description = "Most requests this worker has read and not yet ended; a model and tenant alone have half.")
    private int readAhead;

    @Option(
            names = "--read-ahead-bytes",
            paramLabel = "SIZE",
            defaultValue = "64MiB",
            description =
                    "Most memory for requests this worker has read and not yet ended, and as much again for their "
                            + "answers until these are committed.")
    private ByteSize readAheadBytes = new ByteSize(0);

    @Option(
            names = "--cache-bytes",
            paramLabel = "SIZE",
            defaultValue = "64MiB",
            description = "Most memory for answers to requests with the header sluice-cache; 0 ignores that header.")
    private ByteSize cacheBytes = new ByteSize(0);

    @Option(
            names = "--max-request-bytes",
            paramLabel = "SIZE",
            defaultValue = "1MiB",
            description = "Largest body of a request; a larger one becomes a dead letter without being called.")
    private ByteSize maxRequestBytes = new ByteSize(0);

    @Option(
            names = "--max-response-bytes",
            paramLabel = "SIZE",
            defaultValue = "7MiB",
            description = "Largest answer that is accepted from the API; a larger one ends its request. Stay below the "
                    + "max.message.bytes of the reply topics.")
    private ByteSize maxResponseBytes = new ByteSize(0);

    @Mixin
    private RequestLogOptions log = new RequestLogOptions();

    private @Nullable WorkerConfig config;

    public WorkerCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        log.apply();
        kafka.check(problems);
        Supplier<String> apiKey = api.apiKey(terminal, problems);
        requireArray("--max-request-bytes", maxRequestBytes, problems);
        requireArray("--max-response-bytes", maxResponseBytes, problems);
        admin.check(problems);
        Map<String, ConfiguredLimit> byModel = ModelLimit.byModel(limits, problems);
        Map<String, Integer> byTenant = TenantWeight.byTenant(weights, problems);
        try {
            WorkerConfig.Api target = new WorkerConfig.Api(
                    api.baseUrl(), apiKey, callTimeout, api.proxy(terminal, problems), api.authorities(problems));
            config = config(target, byModel, byTenant);
        } catch (IllegalArgumentException e) {
            problems.addAll(String.valueOf(e.getMessage()).lines().toList());
        }
    }

    private static void requireArray(String name, ByteSize size, List<String> problems) {
        if (size.bytes() > Integer.MAX_VALUE) {
            problems.add(OptionError.of(name, "less than 2GiB", size));
        }
    }

    private static int array(ByteSize size) {
        return (int) Math.min(Integer.MAX_VALUE, size.bytes());
    }

    private WorkerConfig config(
            WorkerConfig.Api target, Map<String, ConfiguredLimit> byModel, Map<String, Integer> byTenant) {
        return new WorkerConfig(
                new WorkerConfig.Queue(
                        kafka.topics(),
                        group,
                        newGroup,
                        Optional.ofNullable(instanceId),
                        replyTopics,
                        kafka.properties()),
                target,
                new WorkerConfig.Pacing(byModel, maxInFlight, byTenant),
                new WorkerConfig.Retries(maxAttempts, Optional.ofNullable(maxAge)),
                new WorkerConfig.Memory(
                        readAhead,
                        readAheadBytes.bytes(),
                        cacheBytes.bytes(),
                        array(maxRequestBytes),
                        array(maxResponseBytes)),
                drainTimeout);
    }

    /** Returns the configuration. It is valid after a {@link #check} without problems. */
    public WorkerConfig config() {
        if (config == null) {
            throw new IllegalStateException("not checked");
        }
        return config;
    }

    @Override
    public int run() throws InterruptedException {
        AdminConnector.connect(kafka).close();
        return WorkerRun.untilStopped(config(), admin);
    }
}
