package dev.sluice.worker.observe;

import java.util.List;

/** Answers health probes about a worker. Every method returns sentences for people. Thread-safe. */
public interface HealthChecks {
    /** Returns why only a restart can help; empty while nothing is wrong. */
    List<String> livenessFailures();

    /** Returns why the worker does not serve now; empty while it does. Liveness failures are not repeated. */
    List<String> readinessFailures();

    /** Returns what else needs attention though the worker serves. */
    List<String> warnings();
}
