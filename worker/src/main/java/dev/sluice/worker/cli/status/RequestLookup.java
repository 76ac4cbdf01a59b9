package dev.sluice.worker.cli.status;

import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.pool.PoolReader;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.status.RequestSearch;
import dev.sluice.worker.status.RequestTrace;
import dev.sluice.worker.status.RequestTraceJson;
import dev.sluice.worker.text.ProgressBar;
import java.time.Instant;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** Finds one request and prints it. It shows on standard error how far the search is, and runs once. */
final class RequestLookup {
    private final Terminal terminal;
    private final KafkaOptions kafka;
    private final String group;
    private @Nullable ProgressBar progress;
    private long shownTotal;

    /** @param group the consumer group of the workers */
    RequestLookup(Terminal terminal, KafkaOptions kafka, String group) {
        this.terminal = terminal;
        this.kafka = kafka;
        this.group = group;
    }

    /** Returns the exit code, which is that of a failure if no record has the id. */
    int run(String id, boolean json) throws InterruptedException {
        RequestTrace trace = find(id);
        Instant now = Instant.now();
        if (json) {
            terminal.out().println(RequestTraceJson.tree(trace, now));
        } else {
            RequestTraceTable.print(terminal.out(), trace, pool(trace.state(now)), now);
        }
        return trace.records().isEmpty() ? ExitCode.FAILED : ExitCode.DONE;
    }

    private RequestTrace find(String id) throws InterruptedException {
        try (Admin admin = AdminConnector.connect(kafka);
                RequestSearch search = new RequestSearch(admin, kafka.properties(), kafka.topics(), group)) {
            return search.find(id, this::progressed);
        } finally {
            if (progress != null) {
                progress.end();
            }
        }
    }

    private boolean progressed(RequestTrace found, long done, long total) {
        if (progress == null || total != shownTotal) { // a reply topic of the request's own adds to the total
            progress = new ProgressBar(terminal.err(), terminal.interactive(), System::nanoTime, total, done);
            shownTotal = total;
        }
        progress.show(done, found.records().isEmpty() ? "reading topics" : "found, and reading on");
        return true;
    }

    /** Asks the workers if the request waits for them. */
    private PoolReading pool(RequestTrace.State state) {
        if (state != RequestTrace.State.WAITING) {
            return PoolReading.none(PoolReading.State.EMPTY, "");
        }
        try (PoolReader pool = new PoolReader(kafka.properties(), "sluice-status", kafka.topics())) {
            return pool.read();
        }
    }
}
