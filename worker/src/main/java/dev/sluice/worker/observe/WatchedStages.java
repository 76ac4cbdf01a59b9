package dev.sluice.worker.observe;

import dev.sluice.worker.cache.ReplyCache;
import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.settle.Settle;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The stages that tell what they hold.
 *
 * @param ages how long ago the loop of each thread last came round
 */
public record WatchedStages(
        Intake intake, ReplyCache cache, Pace pace, Settle settle, Supplier<Map<String, Duration>> ages) {}
