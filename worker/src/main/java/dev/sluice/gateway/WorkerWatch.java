package dev.sluice.gateway;

import java.util.Optional;
import java.util.OptionalInt;

/** Tells what a door knows of the workers behind the queue. Thread-safe; nothing here waits. */
public interface WorkerWatch {
    /** Returns how many workers are alive, or empty while that is not known. */
    OptionalInt alive();

    /** Returns the latest list of models, or empty while there is none. */
    Optional<ModelCatalog> models();
}
