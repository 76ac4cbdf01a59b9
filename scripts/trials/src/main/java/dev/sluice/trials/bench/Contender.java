package dev.sluice.trials.bench;

import dev.sluice.trials.JavaProgram;
import dev.sluice.trials.WorkerProcess;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What is compared, each in a JVM of its own with the same heap. */
enum Contender {
    /** {@link FloorProgram}, with all as the JVM has it. */
    FLOOR,
    /** The same, with the first compiler alone and what else a worker's JVM has. */
    FLOOR_C1,
    /** The same with the guarantee that no request is lost. */
    AT_LEAST_ONCE,
    /** And with the one that none has two replies. */
    TRANSACTIONAL,
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

    /** Whether it is a measure for the others: it promises nothing. */
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

    private Optional<FloorProgram.Guarantee> handMade() {
        return switch (this) {
            case FLOOR, FLOOR_C1 -> Optional.of(FloorProgram.Guarantee.NONE);
            case AT_LEAST_ONCE -> Optional.of(FloorProgram.Guarantee.AT_LEAST_ONCE);
            case TRANSACTIONAL -> Optional.of(FloorProgram.Guarantee.TRANSACTIONAL);
            case SLUICE, SLUICE_OBSERVED, SLUICE_C2 -> Optional.empty();
        };
    }

    /** Beside those that a worker has anyway. */
    private List<String> options() {
        return switch (this) {
            case FLOOR, SLUICE, SLUICE_OBSERVED -> List.of();
            case FLOOR_C1, AT_LEAST_ONCE, TRANSACTIONAL -> JavaProgram.WORKER_OPTIONS;
            case SLUICE_C2 -> List.of("-XX:TieredStopAtLevel=4");
        };
    }

    /** Starts it in its own time: it has yet to come up. */
    WorkerProcess start(BenchRig rig, BenchRig.Ends ends, int inFlight, int heapMib) {
        Optional<FloorProgram.Guarantee> handMade = handMade();
        if (handMade.isPresent()) {
            return rig.process(
                    JavaProgram.of(FloorProgram.class, List.of(jvmOptions(heapMib))),
                    List.of(
                            ends.bootstrapServers(),
                            ends.api().baseUrl().toString(),
                            BenchRig.TOPICS.base(),
                            Integer.toString(inFlight),
                            handMade.get().name()));
        }
        String admin = isObserved() ? "--admin-port=" + rig.scraped() : "--admin-port=0";
        return rig.worker(ends, "--max-in-flight=" + inFlight, admin);
    }
}
