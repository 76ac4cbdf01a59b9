package dev.sluice.worker.observe;

import dev.sluice.worker.cache.ReplyCache;
import dev.sluice.worker.intake.Intake;
import dev.sluice.worker.pace.Pace;
import dev.sluice.worker.settle.Settle;

/** The stages that tell what they hold. */
public record Stages(Intake intake, ReplyCache cache, Pace pace, Settle settle) {}
