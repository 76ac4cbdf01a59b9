package dev.sluice.worker.cli.workers;

import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.pool.PoolChange;
import dev.sluice.worker.pool.PoolReader;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.text.CommandException;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice workers}. */
@Command(
        name = "workers",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Show the workers of a queue that are alive, by what they report about once a second to the topic "
                    + "NAME.workers. 'sluice status' sums their lanes up."
        },
        footerHeading = "%nWith --json:%n",
        footer = {
            "  queue, at, state (alive; silent: no worker has reported of late; empty: none ever has),",
            "  workers: worker (its name), report; problem: a sentence, or null.",
            "With --json --watch, one object per line:",
            "  worker, at, event (report; left: it has stopped; silent: it does not report any more),",
            "  report (with the event report).",
            "A report is that of the topic, which worker/DESIGN.md describes under Pool.",
            "Later releases may add fields."
        })
public final class WorkersCommand implements Subcommand {
    private final Terminal terminal;

    @Option(
            names = "--lanes",
            defaultValue = "false",
            description = "Show each worker's lanes, too: what waits, is called, is spent and limited. JSON has them.")
    private boolean lanes;

    @Option(
            names = "--watch",
            defaultValue = "false",
            description = "With --json: print the workers' reports as they come, until Ctrl-C.")
    private boolean watch;

    @Option(
            names = "--json",
            defaultValue = "false",
            description = "Print one JSON object on one line; with --watch one line per report.")
    private boolean json;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public WorkersCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        if (watch && !json) {
            problems.add("--watch needs --json; 'sluice status --workers --watch' shows tables again and again");
        }
    }

    @Override
    public int run() throws InterruptedException {
        // Connecting says in words why no broker can be reached.
        try (Admin unused = AdminConnector.connect(kafka);
                PoolReader reader = new PoolReader(kafka.properties(), "sluice-workers", kafka.topics())) {
            PoolReading pool = reader.read();
            if (!pool.isRead()) {
                throw new CommandException(pool.problem());
            }
            if (watch) {
                watch(reader, pool);
            } else if (json) {
                terminal.out().println(WorkersJson.of(kafka.topics().base(), Instant.now(), pool));
            } else {
                WorkersTable.print(terminal.out(), pool, lanes);
            }
            return ExitCode.DONE;
        }
    }

    @Override
    public boolean endsWithItsOutput() {
        return watch;
    }

    /** Prints what comes, until Ctrl-C or until standard output is closed. */
    private void watch(PoolReader reader, PoolReading pool) {
        Instant now = Instant.now();
        pool.workers().forEach((name, report) -> terminal.out().println(WorkersJson.of(name, now, report)));
        while (!terminal.out().checkError()) {
            for (PoolChange change : reader.poll()) {
                terminal.out().println(WorkersJson.of(change));
            }
        }
    }
}
