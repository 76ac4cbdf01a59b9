package dev.sluice.trials.bench;

import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.WorkerProcess;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What is compared, each in a JVM of its own with the same heap. */
enum Contender {
    /** {@link Floor}, with all as the JVM has it. */
    FLOOR,
    /** The same, with the first compiler alone and what else a worker's JVM has. */
    FLOOR_C1,
    /** A worker that nobody watches, as the launcher starts it. */
    SLUICE,
    /** A worker whose metrics are kept and asked for each five seconds, with requests that carry a trace. */
    SLUICE_OBSERVED,
    /** A worker with both compilers, for hours at thousands a second. */
    SLUICE_C2;

    static Contender of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** As it is called on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

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

    /** Beside those that a worker has anyway. */
    private List<String> options() {
        return switch (this) {
            case FLOOR, SLUICE, SLUICE_OBSERVED -> List.of();
            case FLOOR_C1 -> JavaProgram.WORKER_OPTIONS;
            case SLUICE_C2 -> List.of("-XX:TieredStopAtLevel=4");
        };
    }

    /** Starts it in its own time: it has yet to come up. */
    WorkerProcess start(Rig rig, Rig.Ends ends, int inFlight, int heapMib) {
        if (isFloor()) {
            return rig.process(
                    JavaProgram.of(Floor.class, List.of(jvmOptions(heapMib))),
                    List.of(
                            ends.bootstrapServers(),
                            ends.api().baseUrl().toString(),
                            Rig.TOPICS.base(),
                            Integer.toString(inFlight)));
        }
        String admin = isObserved() ? "--admin-port=" + rig.scraped() : "--admin-port=0";
        return rig.worker(ends, "--max-in-flight=" + inFlight, admin);
    }
}
