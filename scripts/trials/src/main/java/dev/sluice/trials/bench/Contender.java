package dev.sluice.trials.bench;

import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.WorkerProcess;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A program that is compared with others. Each runs in a JVM of its own with the same heap. */
enum Contender {
    /** {@link FloorProgram} with the defaults of the JVM. */
    FLOOR,
    /** {@link FloorProgram} with the options of a worker's JVM, among them the first compiler alone. */
    FLOOR_C1,
    /** {@link #FLOOR_C1} with the guarantee that no request is lost. */
    AT_LEAST_ONCE,
    /** {@link #FLOOR_C1} with the guarantee that no request is lost or has two replies. */
    TRANSACTIONAL,
    /** A worker as the launcher starts it, without metrics. */
    SLUICE,
    /** A worker with metrics that are scraped every five seconds. Its requests carry a trace. */
    SLUICE_OBSERVED,
    /** A worker with both compilers, for hours at thousands of requests a second. */
    SLUICE_C2;

    static Contender of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** Returns its name on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Tells whether the others are measured against it. A floor promises nothing. */
    boolean isFloor() {
        return this == FLOOR || this == FLOOR_C1;
    }

    boolean isObserved() {
        return this == SLUICE_OBSERVED;
    }

    String[] jvmOptions(int heapMib) {
        return Stream.concat(options().stream(), Stream.of("-Xmx" + heapMib + "m"))
                .toArray(String[]::new);
    }

    /** Returns the JVM options of a floor program, or those that a worker has beside the launcher's. */
    private List<String> options() {
        return switch (this) {
            case FLOOR, SLUICE, SLUICE_OBSERVED -> List.of();
            case FLOOR_C1, AT_LEAST_ONCE, TRANSACTIONAL -> JavaProgram.WORKER_OPTIONS;
            case SLUICE_C2 -> List.of("-XX:TieredStopAtLevel=4");
        };
    }

    /** Starts the program and returns at once, before it serves. */
    WorkerProcess start(BenchRig rig, int inFlight, int heapMib) {
        return switch (this) {
            case FLOOR, FLOOR_C1 -> floor(FloorProgram.Guarantee.NONE, rig, inFlight, heapMib);
            case AT_LEAST_ONCE -> floor(FloorProgram.Guarantee.AT_LEAST_ONCE, rig, inFlight, heapMib);
            case TRANSACTIONAL -> floor(FloorProgram.Guarantee.TRANSACTIONAL, rig, inFlight, heapMib);
            case SLUICE, SLUICE_C2 -> rig.worker("--max-in-flight=" + 2 * inFlight);
            case SLUICE_OBSERVED -> rig.scrapedWorker("--max-in-flight=" + 2 * inFlight);
        };
    }

    private WorkerProcess floor(FloorProgram.Guarantee guarantee, BenchRig rig, int inFlight, int heapMib) {
        return rig.program(
                JavaProgram.of(FloorProgram.class, List.of(jvmOptions(heapMib))),
                List.of(
                        rig.bootstrapServers(),
                        rig.api().baseUrl().toString(),
                        SluiceJar.TOPICS.base(),
                        Integer.toString(inFlight),
                        guarantee.name()));
    }
}
