package dev.sluice.worker.observe;

import java.util.List;

/** How a worker is, as probes want to know it. Any thread. */
public interface Health {
    /** Why only a restart can help; one sentence each, empty while all is well. */
    List<String> deadly();

    /** Why it does not serve now; one sentence each, empty where it does. What is deadly is not repeated. */
    List<String> hindrances();

    /** What else is not as it should be though the worker serves; one sentence each. */
    List<String> notices();
}
