package dev.sluice.worker.deadletters;

import java.time.Instant;

/**
 * A replay of one dead letter, as its mark tells of it.
 *
 * @param at when it was replayed
 * @param person who has replayed it; empty if an earlier release has
 */
public record ReplayMark(Instant at, String person) {}
