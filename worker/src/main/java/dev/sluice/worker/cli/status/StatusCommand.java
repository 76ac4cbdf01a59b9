package dev.sluice.worker.cli.status;

import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.pool.PoolReader;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.StatusJson;
import dev.sluice.worker.status.StatusReader;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.text.PrintableStream;
import dev.sluice.worker.text.PrintableText;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice status}. */
@Command(
        name = "status",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Show what waits in a queue, for how long, and who works on it. Asks Kafka only: no worker needs to run.",
            "",
            "OPEN is what has not ended, be it waiting, being called or put off (delay-*: until later). OLDEST is "
                    + "how long ago the oldest of it was published. ENDED AHEAD is what has ended before an older "
                    + "request did; with OPEN it makes up LAG, the offsets not committed. PARTITIONS and SHARE say "
                    + "how much of the queue, and so of a limit, a worker has. Dead letters are those that were not "
                    + "replayed, as 'sluice dlq list' counts them.",
            "",
            "Lanes are those of all workers together, by what they report to the topic NAME.workers: WAITING for a "
                    + "call, CALLED at present, SPENT per second (the sums), the LIMIT per second, and where it comes "
                    + "FROM: told (--limit), header (the API's answers), or found. A found limit is the mean of what "
                    + "the workers have found, weighted by their partitions. STATE is the worst one of any worker.",
            "",
            "--request ID looks for one request instead: where it waits and for what, or whether it was answered, "
                    + "cancelled or is dead, and where its records lie. All topics are read, from their ends back; an "
                    + "id of the SDK or of an HTTP door has a time in it, before which nothing is read. A request "
                    + "without an id is found by its place (chat.requests-0@17). Exits with 1 where there is none."
        },
        footerHeading = "%nWith --json:%n",
        footer = {
            "  queue, at, group, group_state, partitions (of each topic; overflow has 8 times as many),",
            "  overflow_drained (true: nothing waits there, so that workers of a release without it may take over);",
            "  waiting: one per topic that workers read, and dead: the same of the dead letters not replayed:",
            "    topic, kind (requests, express, retry, overflow, delay-10s, …), open,",
            "    exact (false: open is an upper bound), oldest_age_ms (null: none, or not read), ended_ahead, lag,",
            "    partitions: the same of each, with its number as partition;",
            "  workers: client_id, host, partitions (their numbers), share (of a limit, 0 to 1);",
            "  pool: state (alive, silent, empty, missing, denied, unreadable), problem (a sentence, or null);",
            "  lanes: model (empty for the lane that models share), state, cause, remedy (while it is stopped),",
            "    waiting, in_flight, requests and tokens (of each limit, source, spent, wanted, per second),",
            "    workers (how many report it), worst (the names of those in this state);",
            "  reports (with --workers): worker (its name), report (as 'sluice workers' has it);",
            "  problems: sentences.",
            "group_state is Kafka's (stable, empty, preparing_rebalance, …), or none.",
            "  With --request: id, state (waiting, delayed, answered, dead, failed: ended without either, ended:",
            "    its ending is not kept, unknown: no record), cut (true: it has more records than these);",
            "  records, the newest first: kind (request, reply, dead_letter), topic, position, at, model,",
            "    open (true: it waits there, or is being called), headers (those that say what happened to it);",
            "  problems: what could not be read, in sentences.",
            "Later releases may add fields."
        })
public final class StatusCommand implements Subcommand {
    private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(200);
    private static final String HOME = "\u001b[H";
    private static final String ERASE_LINE = "\u001b[K";
    private static final String ERASE_BELOW = "\u001b[J";

    private final Terminal terminal;

    @Option(
            names = "--watch",
            paramLabel = "INTERVAL",
            arity = "0..1",
            fallbackValue = "2s",
            description = "Show it again and again, until Ctrl-C; every 2s where no interval is given.")
    private @Nullable Duration watch;

    @Option(
            names = "--json",
            defaultValue = "false",
            description = "Print one JSON object on one line; with --watch one line after another.")
    private boolean json;

    @Option(names = "--workers", defaultValue = "false", description = "Show the lanes of each worker, too.")
    private boolean workers;

    @Option(
            names = "--request",
            paramLabel = "ID",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Show where the request of this id is and what has happened to it.")
    private @Nullable String request;

    @Option(
            names = "--group",
            paramLabel = "NAME",
            defaultValue = "sluice",
            description = "Consumer group of the workers.")
    private String group = "";

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public StatusCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        if (group.isBlank()) {
            problems.add(OptionError.of("--group", "a name (left out: 'sluice')", group));
        }
        if (watch != null && watch.compareTo(SHORTEST_INTERVAL) < 0) {
            problems.add(OptionError.of("--watch", Durations.format(SHORTEST_INTERVAL) + " or more", watch));
        }
        if (request != null && request.isBlank()) {
            problems.add(OptionError.of("--request", "the id of a request", request));
        }
        if (request != null && (watch != null || workers)) {
            problems.add(
                    "--request looks for one request, once; leave out " + (watch != null ? "--watch" : "--workers"));
        }
    }

    @Override
    public int run() throws InterruptedException {
        if (request != null) {
            return new RequestLookup(terminal, kafka, group).run(request, json);
        }
        try (StatusReader reader = connect();
                PoolReader pool = new PoolReader(kafka.properties(), "sluice-status", kafka.topics())) {
            String first = text(reader, pool);
            if (watch == null) {
                terminal.out().print(first);
                return ExitCode.DONE;
            }
            watch(reader, pool, first, watch);
            return ExitCode.DONE;
        }
    }

    @Override
    public boolean endsWithItsOutput() {
        return watch != null;
    }

    private StatusReader connect() throws InterruptedException {
        return new StatusReader(AdminConnector.connect(kafka), kafka.properties(), kafka.topics(), group);
    }

    /** Shows the status again and again, until Ctrl-C or until standard output is closed. */
    private void watch(StatusReader reader, PoolReader pool, String first, Duration interval)
            throws InterruptedException {
        String text = first;
        while (show(text)) {
            TimeUnit.MILLISECONDS.sleep(interval.toMillis());
            try {
                text = text(reader, pool);
            } catch (CommandException e) {
                // The broker may come back, so the watch goes on.
                terminal.err().println("sluice status: " + e.getMessage());
                text = "";
            }
        }
    }

    /** Prints the text. Returns false if standard output is closed. */
    private boolean show(String text) {
        if (json || !terminal.redraws()) {
            terminal.out().print(json || text.isEmpty() ? text : text + System.lineSeparator());
        } else if (!text.isEmpty()) {
            String escaped = PrintableText.text(text);
            PrintableStream.printControls(
                    terminal.out(), HOME + escaped.replace("\n", ERASE_LINE + "\n") + ERASE_BELOW);
        }
        return !terminal.out().checkError();
    }

    private String text(StatusReader reader, PoolReader pool) throws InterruptedException {
        QueueStatus status = reader.read();
        PoolReading reading = status.group().members().isEmpty() ? pool.readWithoutWaiting() : pool.read();
        if (json) {
            return StatusJson.of(status, reading, workers) + System.lineSeparator();
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        StatusTable.print(new PrintStream(text, true, StandardCharsets.UTF_8), status, reading, workers);
        return text.toString(StandardCharsets.UTF_8);
    }
}
