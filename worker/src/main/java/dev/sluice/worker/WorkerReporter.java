package dev.sluice.worker;

import dev.sluice.worker.pace.PaceState;
import dev.sluice.worker.pool.CallsReport;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.HeapReport;
import dev.sluice.worker.pool.PoolMember;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.text.ProgramVersion;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Makes the reports of one worker. Owned by the thread of the pool. */
final class WorkerReporter implements Supplier<WorkerReport> {
    private final Instant started;
    private final Supplier<OwnedBundles> bundles;
    private final Supplier<PaceState> pace;
    private final Supplier<CancelledReport> cancelled;
    private final Supplier<CallsReport> calls;
    /** Looked up for the first report, since that may take long where the name server does not answer. */
    private @Nullable String host;

    WorkerReporter(
            Instant started,
            Supplier<OwnedBundles> bundles,
            Supplier<PaceState> pace,
            Supplier<CancelledReport> cancelled,
            Supplier<CallsReport> calls) {
        this.started = started;
        this.bundles = bundles;
        this.pace = pace;
        this.cancelled = cancelled;
        this.calls = calls;
    }

    @Override
    public WorkerReport get() {
        OwnedBundles present = bundles.get();
        String named = host == null ? host() : host;
        host = named;
        return new WorkerReport(
                0,
                ProgramVersion.current(),
                named,
                started,
                PoolMember.VALIDITY,
                present.owned(),
                present.width(),
                pace.get().reports(),
                pace.get().groupReports(),
                cancelled.get(),
                calls.get(),
                HeapReport.current());
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            // A machine whose own name does not resolve works all the same.
            return "unknown";
        }
    }
}
