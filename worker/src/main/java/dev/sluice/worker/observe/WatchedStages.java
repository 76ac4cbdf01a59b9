package dev.sluice.worker.observe;

import dev.sluice.worker.cache.ReplyCache;
import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.pieces.PieceWriter;
import dev.sluice.worker.settle.Settle;
import java.time.Duration;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The stages whose state metrics and {@code /status} show. Each answers from any thread and without waiting.
 *
 * @param ages how long ago each stage's thread last had a heartbeat, by the thread's name
 * @param cancelMarks the number of marks that cancel requests at present
 * @param openStreams the number of answers that are being read as streams
 * @param pieces the writer of their pieces
 */
public record WatchedStages(
        Intake intake,
        ReplyCache cache,
        Pace pace,
        Settle settle,
        Supplier<Map<String, Duration>> ages,
        IntSupplier cancelMarks,
        IntSupplier openStreams,
        PieceWriter pieces) {}
